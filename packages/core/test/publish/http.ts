// Asks a tiles handler over a real socket, also what no client library would send.
import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, request, type Server } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { type TilesHandlerOptions, tilesHandler } from '../../src/publish/index.js'

export interface Answer {
  status: number
  headers: IncomingHttpHeaders
  body: Buffer
}

const servers: Server[] = []

export async function closeServers(): Promise<void> {
  for (const server of servers.splice(0)) {
    server.closeAllConnections()
    server.close()
    await once(server, 'close')
  }
}

export async function serving(path: string, options: TilesHandlerOptions = {}) {
  const handler = await tilesHandler(path, options)
  const server = createServer(handler).listen(0, '127.0.0.1')
  servers.push(server)
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const get = (target: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Answer> =>
    new Promise((resolve, reject) => {
      const sent = request({ port, host: '127.0.0.1', path: target, method, headers }, async (response) => {
        const pieces: Buffer[] = []
        for await (const piece of response) pieces.push(piece)
        resolve({ status: response.statusCode!, headers: response.headers, body: Buffer.concat(pieces) })
      })
      sent.on('error', reject).end()
    })
  /** Sends a request line as it is; gives the answer's first line. */
  const raw = async (line: string): Promise<string> => {
    const socket = connect(port, '127.0.0.1')
    socket.write(`${line}\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n`, 'latin1')
    let text = ''
    for await (const piece of socket) text += piece
    return text
  }
  return { get, raw, handler }
}
