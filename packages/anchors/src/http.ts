// An anchor behind HTTP: any server that creates what is not there and refuses to replace what is (RFC 9110 section 13.1.2,
// `If-None-Match: *`), such as an object store or twenty lines in front of a table.
//
//   PUT <url>/<origin>/00000000000000000500   If-None-Match: *   the signed note     201, or 412 when it is there
//   GET <url>/<origin>/latest                                                        the newest note, or 404
import { type Anchor, type AnchorCheckpoint, originFileName } from '@trailproof/core'
import { checkName, contradicted, failed, invalid } from './failure.js'
import { readNote, sameTree } from './note.js'
import { readBounded } from './response.js'
import { sizeName } from './size-name.js'
import { plainUrl } from './url.js'

export interface HttpAnchorOptions {
  /** `https://anchor.example/trailproof`, without query. */
  url: string
  /** Sent with every request, such as `authorization`. */
  headers?: Record<string, string>
  /** Default `http`. */
  name?: string
}

const MAX_NOTE = 64 * 1024

/**
 * Publishes checkpoints by HTTP. Redirects are not followed: credentials must not leave for another host.
 *
 * @throws TRAILPROOF_OPTION_INVALID
 */
export function httpAnchor({ url, headers = {}, name = 'http' }: HttpAnchorOptions): Anchor {
  const base = checkUrl(url)
  const newest = new Map<string, number>() // by origin: what is there, as far as this process has seen
  const request = async (method: string, path: string, signal: AbortSignal, more: RequestInit = {}) => {
    try {
      return await fetch(`${base}/${path}`, {
        ...more,
        method,
        signal,
        redirect: 'error',
        headers: { ...headers, ...(more.headers as Record<string, string>) },
      })
    } catch (cause) {
      // The cause names the address, never the headers.
      throw failed(`${method} to ${base} did not come through`, 'is the anchor up, and its address right?', cause)
    }
  }
  const get = async (path: string, signal: AbortSignal) => {
    const response = await request('GET', path, signal)
    const body = await readBounded(response, MAX_NOTE)
    if (response.status === 404) return undefined
    if (!response.ok) throw refused(response, 'GET')
    const text = body.toString('utf8')
    if (!readNote(text)) throw failed('the anchor answered with what is no checkpoint', 'is this the right address?')
    return text
  }
  const mustBeSame = async (path: string, checkpoint: AnchorCheckpoint, signal: AbortSignal) => {
    const there = await get(path, signal)
    if (there === undefined) throw failed('the anchor refuses a checkpoint that it has not', 'look at its log')
    if (!sameTree(readNote(there)!, checkpoint))
      throw contradicted(`the anchor has a checkpoint of another tree of ${checkpoint.size} records`)
  }
  return {
    kind: 'http',
    name: checkName(name),
    latest: (origin, signal) => get(`${originFileName(origin)}/latest`, signal),
    async publish(checkpoint, _prove, signal) {
      const { origin, size } = checkpoint
      const there = newest.get(origin) ?? sizeIn(await get(`${originFileName(origin)}/latest`, signal))
      newest.set(origin, there)
      if (there > size) throw contradicted(`the anchor has a checkpoint of ${there} records, not of ${size}`)
      const path = `${originFileName(origin)}/${sizeName(size)}`
      const response = await request('PUT', path, signal, {
        body: checkpoint.note,
        headers: { 'content-type': 'text/plain; charset=utf-8', 'if-none-match': '*' },
      })
      await readBounded(response, MAX_NOTE)
      // It is there: our own, whose answer was lost, or another's.
      if (response.status === 412 || response.status === 409) await mustBeSame(path, checkpoint, signal)
      else if (!response.ok) throw refused(response, 'PUT')
      newest.set(origin, size)
      const time = Date.parse(response.headers.get('date') ?? '')
      return { files: [], ...(Number.isFinite(time) && { time: new Date(time) }) }
    },
  }
}

const sizeIn = (note: string | undefined): number => (note === undefined ? 0 : readNote(note)!.size)

const refused = ({ status }: Response, method: string) =>
  failed(`the anchor answered ${status} to ${method}`, 'look at its log, and at the credentials in "headers"')

function checkUrl(url: string): string {
  const plain = plainUrl(url)
  if (plain !== undefined) return plain
  throw invalid(
    'option "url" must be an http or https address without user, query and fragment',
    "url: 'https://anchor.example/trailproof'; credentials go into headers",
  )
}
