// Serves logs over HTTP (C2SP tlog-tiles), straight from their folders: GET and HEAD, and nothing that changes anything.
import type { IncomingMessage, ServerResponse } from 'node:http'
import { resolve } from 'node:path'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import { isTrailproofError } from '../errors.js'
import { parseKeys } from '../verify/keys.js'
import { findLogs } from '../verify/verify-root.js'
import { PublishedLog, type Resource } from './published-log.js'
import { Turns } from './turns.js'

export interface TilesHandlerOptions {
  /** Whom to believe, as for verify. Default: the key that each log itself names. */
  keys?: readonly string[] | undefined
  /**
   * Host names that a request may be addressed to; default any. Give them for a server on the loopback interface: a web
   * page elsewhere can point a name of its own there, and would read the records through a browser on this machine.
   */
  hosts?: readonly string[] | undefined
  /** Told what could not be served, as for a damaged log; the answer names the code only. */
  onError?: ((error: unknown) => void) | undefined
}

/** One log as `/` lists it. */
export interface ListedLog {
  /** Where it is: `/shop-0/`, or `/` when it is the only one. */
  path: string
  origin?: string
  size?: number
  /** Why it cannot be served. */
  error?: string
}

export interface TilesHandler {
  (request: IncomingMessage, response: ServerResponse): void
  /** What `GET /` answers. */
  list(): Promise<ListedLog[]>
}

/** Bundles in memory at once: of 16 MiB at most, of some 100 KiB usually. */
const AT_ONCE = 8
const MAX_WAITING = 256
/** A client that does not take an answer in this time loses it, and its turn. */
const ANSWER_WITHIN_MS = 60_000
const LOOK_EVERY_MS = 1000

/**
 * A handler for node:http that serves one log at `/`, or the logs of a root folder at `/<folder name>/`.
 *
 * Whoever can reach it reads the records. What it serves is not authenticated by it: clients check it against the checkpoint.
 *
 * @param path - a log folder, or the root folder of several; logs that begin later are found
 * @throws TRAILPROOF_LOG_NOT_FOUND there is no log
 * @throws TRAILPROOF_KEY_INVALID
 * @see C2SP tlog-tiles
 */
export async function tilesHandler(path: string, options: TilesHandlerOptions = {}): Promise<TilesHandler> {
  const { keys = [], hosts, onError } = options
  keys.flatMap(parseKeys) // wrong ones are told now, not at the first request
  const site = new Site(path, keys)
  await site.look()
  const turns = new Turns(AT_ONCE, MAX_WAITING)
  const handle = (request: IncomingMessage, response: ServerResponse) => {
    answer(site, turns, hosts, request, response).catch((error) => {
      onError?.(error)
      refuse(response, 500, isTrailproofError(error) ? error.code : 'TRAILPROOF_LOG_UNREADABLE')
    })
  }
  return Object.assign(handle, { list: () => site.list() })
}

async function answer(
  site: Site,
  turns: Turns,
  hosts: readonly string[] | undefined,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  request.resume() // a body has no meaning here
  const deadline = setTimeout(() => response.destroy(), ANSWER_WITHIN_MS).unref()
  response.once('close', () => clearTimeout(deadline))
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.setHeader('Allow', 'GET, HEAD')
    return refuse(response, 405, 'only GET and HEAD')
  }
  if (hosts && !hosts.includes(hostOf(request))) return refuse(response, 421, 'not served under this name')
  const end = await turns.take()
  if (!end) {
    response.setHeader('Retry-After', '1')
    return refuse(response, 503, 'too many requests at once')
  }
  if (response.closed) return end()
  response.once('close', end) // until the answer has left memory
  const resource = await site.resource((request.url ?? '').split('?', 1)[0]!)
  if (!resource) return refuse(response, 404, 'not found')
  await send(request, response, resource)
}

async function send(request: IncomingMessage, response: ServerResponse, resource: Resource): Promise<void> {
  let { bytes } = resource
  response.setHeader('Content-Type', resource.type)
  response.setHeader('Cache-Control', resource.cache)
  response.setHeader('X-Content-Type-Options', 'nosniff') // records hold what strangers sent
  if (resource.compressible) {
    response.setHeader('Vary', 'Accept-Encoding')
    if (acceptsGzip(request.headers['accept-encoding'])) {
      bytes = await promisify(gzip)(bytes)
      response.setHeader('Content-Encoding', 'gzip')
    }
  }
  response.setHeader('Content-Length', bytes.length)
  response.end(request.method === 'HEAD' ? undefined : bytes)
}

function refuse(response: ServerResponse, status: number, why: string): void {
  if (response.headersSent || response.closed) {
    response.destroy()
    return
  }
  response.statusCode = status
  response.setHeader('Content-Type', 'text/plain; charset=utf-8')
  response.setHeader('Cache-Control', 'no-store')
  response.setHeader('X-Content-Type-Options', 'nosniff')
  response.end(`${why}\n`)
}

/** The host without port, as `localhost` or `[::1]`. */
const hostOf = (request: IncomingMessage): string => (request.headers.host ?? '').replace(/:\d*$/, '').toLowerCase()

const acceptsGzip = (accepted: string | string[] | undefined): boolean =>
  /(?:^|,)\s*gzip\s*(?:;\s*q=(?:1|0\.\d*[1-9])[\d.]*\s*)?(?:,|$)/i.test(String(accepted ?? ''))

/** The logs that are served, by the first part of the path. */
class Site {
  readonly #path: string
  readonly #keys: readonly string[]
  readonly #logs = new Map<string, PublishedLog>()
  #alone = false
  #looked = Number.NEGATIVE_INFINITY

  constructor(path: string, keys: readonly string[]) {
    this.#path = path
    this.#keys = keys
  }

  /** Finds the logs that are there; none that was found is forgotten. */
  async look(): Promise<void> {
    this.#looked = performance.now()
    const folders = await findLogs(this.#path)
    this.#alone = folders.length === 1 && resolve(folders[0]!) === resolve(this.#path)
    for (const folder of folders) {
      const log = new PublishedLog(folder, this.#keys)
      const prefix = this.#alone ? '' : `${encodeURIComponent(log.name)}/`
      if (!this.#logs.has(prefix)) this.#logs.set(prefix, log)
    }
  }

  async resource(url: string): Promise<Resource | undefined> {
    if (url === '/') return listing(await this.list())
    const path = url.slice(1)
    const prefix = this.#alone ? '' : path.slice(0, path.indexOf('/') + 1)
    if (!this.#logs.has(prefix)) await this.#lookAgain()
    return this.#logs.get(prefix)?.resource(path.slice(prefix.length))
  }

  async list(): Promise<ListedLog[]> {
    await this.#lookAgain()
    const listed: ListedLog[] = []
    for (const [prefix, log] of this.#logs) listed.push({ path: `/${prefix}`, ...(await about(log)) })
    return listed
  }

  // Whoever asks for what is not there must not cost a listing each time.
  async #lookAgain(): Promise<void> {
    if (performance.now() - this.#looked < LOOK_EVERY_MS) return
    await this.look().catch(() => {}) // those that were found are served on, and say themselves what is wrong
  }
}

async function about(log: PublishedLog): Promise<Omit<ListedLog, 'path'>> {
  try {
    const { origin, size } = await log.head()
    return { origin, size }
  } catch (error) {
    return { error: isTrailproofError(error) ? error.code : 'TRAILPROOF_LOG_UNREADABLE' }
  }
}

const listing = (logs: ListedLog[]): Resource => ({
  type: 'application/json',
  cache: 'no-cache',
  bytes: Buffer.from(`${JSON.stringify({ logs })}\n`),
  compressible: false,
})
