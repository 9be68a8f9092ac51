// `trailproof serve`
import { createServer, type Server } from 'node:http'
import { type AddressInfo, isIP } from 'node:net'
import { type TilesHandler, TrailproofError, tilesHandler } from '@trailproof/core'
import { describe } from '../failure.js'
import { keyFileOrText } from '../key-option.js'
import { print, printError, printJson } from '../output.js'
import { safe } from '../terminal.js'

export interface ServeCommand {
  tiles: string
  port: number
  host: string
  public?: boolean
  key: string[]
  json?: boolean
}

const MAX_CONNECTIONS = 256
const REQUEST_WITHIN_MS = 10_000

/** Serves until SIGINT or SIGTERM. */
export async function serve({ tiles, port, host, public: open, key, json }: ServeCommand): Promise<number> {
  const local = isLoopback(host)
  if (!local && !open)
    throw invalid(`${safe(host)} can be reached from other machines, and whoever reaches it reads the records`, {
      hint: 'if that is what you want, add --public; what is in front of it must say who may read',
    })
  const handler = await tilesHandler(tiles, {
    keys: key.map(keyFileOrText),
    // On loopback only by its own names; behind --public there may be any name in front.
    ...(local && !open && { hosts: ['localhost', '127.0.0.1', '[::1]', urlHost(host)] }),
    onError: (error) => {
      const { code, message } = describe(error)
      printError(`${code}: ${safe(message, 400)}\n`)
    },
  })
  const server = createServer({ requestTimeout: REQUEST_WITHIN_MS, headersTimeout: REQUEST_WITHIN_MS }, handler)
  server.maxConnections = MAX_CONNECTIONS
  await listen(server, port, host)
  await tell(server, handler, local, json)
  await stopped(server)
  return 0
}

const isLoopback = (host: string) =>
  host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'))

const urlHost = (host: string) => (isIP(host) === 6 ? `[${host}]` : host.toLowerCase())

function listen(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) =>
      reject(
        invalid(`cannot listen on ${safe(host)} port ${port}: ${cause.code}`, { hint: 'try another --port', cause }),
      ),
    )
    try {
      server.listen(port, host, resolve)
    } catch (cause) {
      reject(invalid(`${port} is no port`, { hint: 'a port is 0 to 65535', cause }))
    }
  })
}

async function tell(server: Server, handler: TilesHandler, local: boolean, json?: boolean): Promise<void> {
  const { address, port } = server.address() as AddressInfo
  const url = `http://${urlHost(address)}:${port}`
  const logs = (await handler.list()).map((log) => ({ ...log, url: url + log.path }))
  if (json) return printJson({ url: `${url}/`, logs })
  const whom = local ? 'whoever has an account on this machine' : 'whoever can reach this address'
  await print(
    [
      `serving at ${url}/ (${whom} can read the records)`,
      ...logs.map(({ url, origin, size, error }) => `  ${safe(url)}  ${error ?? `${safe(origin)}, ${size} records`}`),
      '',
    ].join('\n'),
  )
}

async function stopped(server: Server): Promise<void> {
  await new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve())
  })
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
}

const invalid = (message: string, facts: { hint: string; cause?: unknown }) =>
  new TrailproofError('TRAILPROOF_OPTION_INVALID', message, facts)
