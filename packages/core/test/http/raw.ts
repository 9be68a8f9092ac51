// A server whose responses go through a gate, and a client that sees every byte.
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { onTestFinished } from 'vitest'
import { Gate } from '../../src/http/gate.js'

export interface Visit {
  req: IncomingMessage
  res: ServerResponse
  gate: Gate
  /** Names of res events, in order. */
  events: string[]
}

export type App = (visit: Visit) => void

/** Serves `app` with a gate on every response; `visits` grows. */
export async function serveGated(app: App, maxBytes = 2 ** 20) {
  const visits: Visit[] = []
  const { port, server } = await listen((req, res) => {
    const visit: Visit = { req, res, gate: new Gate(res, maxBytes), events: [] }
    for (const event of ['finish', 'close', 'drain']) res.on(event, () => visit.events.push(event))
    visits.push(visit)
    app(visit)
  })
  return { port, server, visits }
}

export async function listen(app: RequestListener, make: (app: RequestListener) => Server = createServer) {
  const server = make(app)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return { server, port: (server.address() as AddressInfo).port }
}

export class RawClient {
  text = ''
  bytes = 0
  ended = false
  readonly closed: Promise<string>
  #watchers = new Set<() => void>()

  constructor(readonly socket: Socket) {
    socket.setEncoding('latin1')
    socket.on('error', () => {})
    socket.on('data', (chunk: string) => {
      this.text += chunk
      this.bytes += chunk.length
      for (const watch of this.#watchers) watch()
    })
    this.closed = new Promise((resolve) => {
      const end = () => {
        this.ended = true
        resolve(this.text)
        for (const watch of this.#watchers) watch()
      }
      socket.on('end', end)
      socket.on('close', end)
    })
    onTestFinished(() => void socket.destroy())
  }

  static to(port: number): RawClient {
    return new RawClient(connect(port, '127.0.0.1'))
  }

  send(...requests: string[]): this {
    this.socket.write(requests.join(''))
    return this
  }

  /** Everything received, once it satisfies `enough`. */
  until(enough: RegExp | ((text: string) => boolean)): Promise<string> {
    const done = () => (enough instanceof RegExp ? enough.test(this.text) : enough(this.text))
    return new Promise((resolve, reject) => {
      const watch = () => {
        if (!done() && !this.ended) return
        this.#watchers.delete(watch)
        if (done()) resolve(this.text)
        else reject(new Error(`closed after ${JSON.stringify(this.text.slice(0, 400))}`))
      }
      this.#watchers.add(watch)
      watch()
    })
  }
}

export const request = (path = '/', method = 'GET', headers = '') =>
  `${method} ${path} HTTP/1.1\r\nHost: x\r\n${headers}\r\n`

export const masked = (text: string) => text.replace(/Date: [^\r]+/g, 'Date: -')

/** A promise and its ends. */
export function deferred<T = void>() {
  let resolve!: (value: T) => void
  let reject!: (error: unknown) => void
  const promise = new Promise<T>((yes, no) => {
    resolve = yes
    reject = no
  })
  return { promise, resolve, reject }
}

/** One turn of the event loop, sockets included: what would have left by now has left. */
export const turn = () => new Promise<void>((resolve) => setImmediate(() => setImmediate(resolve)))

/** Waits until a condition holds, turn by turn. */
export async function eventually(holds: () => boolean, what = 'the condition'): Promise<void> {
  const until = Date.now() + 10_000
  while (!holds()) {
    if (Date.now() > until) throw new Error(`${what} never held`)
    await turn()
  }
}

/** Proof that nothing comes: a second connection is served to the end, and still nothing has arrived here. */
export async function quiet(client: RawClient, port: number): Promise<void> {
  const before = client.text
  await RawClient.to(port)
    .send(request('/probe'))
    .until(/probed/)
  await turn()
  if (client.text !== before) throw new Error(`bytes left: ${client.text}`)
}
