// The response gate: while a record of this request is not safe, the bytes of its response stay in memory.
// It shadows `write`, `end`, `destroy` and `writableLength` of the socket; `res` is left alone, so that mount order,
// compression, HEAD, 304, streams and keep-alive work as before. (`socket.cork()` would leak: OutgoingMessage.end() uncorks.)
import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Verdict } from '../adapter.js'
import { quietly } from '../hook/wrap.js'
import { within } from '../policy/verdict.js'
import { whenGone } from './gone.js'
import { Shadows } from './shadows.js'

type Method = 'write' | 'end' | 'destroy'
/** `corked`: node had not passed it on to the system yet, so a cut at that moment would lose it. */
type Call = { method: Method; args: unknown[]; corked?: boolean }

/**
 * `open` nothing shadowed yet · `watching` shadowed, no byte has left · `passed` bytes left, shadows removed ·
 * `refused` 503 was sent in place of the application's answer, whose bytes are swallowed.
 */
type Stage = 'open' | 'watching' | 'passed' | 'refused'

const REFUSAL_BODY = '{"error":"temporarily_unavailable","code":"TRAILPROOF_REFUSED"}\n'
/** A response that may still be refused is held up to this many times the bound; writers are told to stop at once. */
const STRICT_FACTOR = 16
/** What takes longer to be undone does not keep the client waiting. */
const UNDO_AT_MOST_MS = 2000

/** The gate on a socket. */
const watching = new WeakMap<object, Gate>()

/**
 * What is held counts as buffered, or node takes a response for finished while its bytes are still here. One getter for
 * all sockets: with one of its own, each would have a shape of its own.
 */
function writableLength(this: object): number {
  const held = watching.get(this)?.heldBytes ?? 0
  return (Reflect.get(Object.getPrototypeOf(this), 'writableLength', this) as number) + held
}

export class Gate {
  readonly #res: ServerResponse
  readonly #maxBytes: number
  #stage: Stage = 'open'
  #verdict: Verdict = 'go'
  #holds = 0
  #strictHolds = 0
  #begun = false
  #socket: Socket | undefined
  #shadows: Shadows | undefined
  #queue: Call[] = []
  #bytes = 0
  readonly #onBegin: Array<() => void> = []
  /** Called once, before the answer 503 goes out: undoes what this response would have handed over. */
  onRefuse: () => void | Promise<void> = () => {}

  constructor(res: ServerResponse, maxBytes: number) {
    this.#res = res
    this.#maxBytes = maxBytes
  }

  /** `none` where there is no node socket below this response (serverless adapters, HTTP/2): nothing can be held. */
  get kind(): 'socket' | 'none' {
    const socket = quietly(() => this.#res.socket)
    return socket === null || isSocket(socket) ? 'socket' : 'none'
  }

  /** Bytes of the response that are kept back now. */
  get heldBytes(): number {
    return this.#bytes
  }

  /** What the client is told: the status of the response, or 503 once policy has refused it. */
  get status(): number {
    return this.#verdict === 'refuse' ? 503 : this.#res.statusCode
  }

  /**
   * Runs `observer` once: when the response begins, its status final and no byte gone; or when the client has left
   * before (then `res.headersSent` is false). A response that has begun already is observed at once.
   */
  onBegin(observer: () => void): void {
    if (this.#begun) quietly(observer)
    else this.#onBegin.push(observer)
    this.#watch()
  }

  /**
   * Holds the response until the returned function is called; calling it twice does nothing.
   * Opened after bytes have left, it holds nothing.
   */
  hold(): () => void {
    return this.#hold(false)
  }

  /**
   * Holds the response until the verdict is known; one `refuse` drops what is held and answers 503.
   *
   * @param strict policy may refuse: a response too large to be held is refused instead of let go
   */
  holdUntil(verdict: Promise<Verdict>, strict = false): void {
    const release = this.#hold(strict)
    verdict.then(
      (v) => {
        if (v === 'refuse' && this.#stage !== 'passed') this.#verdict = 'refuse'
        release()
      },
      () => release(),
    )
  }

  #hold(strict: boolean): () => void {
    if (this.#res.writableFinished || this.#res.destroyed) return () => {}
    this.#holds++
    if (strict) this.#strictHolds++
    this.#watch()
    let released = false
    return () => {
      if (released) return
      released = true
      this.#holds--
      if (strict) this.#strictHolds--
      this.#settle()
    }
  }

  #watch(): void {
    if (this.#stage !== 'open') return
    const { socket } = this.#res as { socket: unknown }
    if (socket !== null && !isSocket(socket))
      this.#res.once('finish', () => this.#begin()) // nothing to hold, still to tell
    else if (socket) this.#shadow(socket)
    else {
      // A pipelined response has no socket until the one before it is done; node tells with this event.
      const forget = whenGone(this.#res.req?.socket, () => this.#begin())
      this.#res.once('socket' as 'pipe', (s: unknown) => {
        forget()
        if (this.#stage === 'open' && isSocket(s)) this.#shadow(s)
      })
    }
  }

  #shadow(socket: Socket): void {
    const { _headerSent: sent, outputSize: waiting } = this.#res as { _headerSent?: boolean; outputSize?: number }
    if (sent && !waiting) {
      this.#stage = 'passed' // the response is on its way: a 503 in the middle of it would be read as its body
      this.#begin()
      return
    }
    this.#stage = 'watching'
    this.#socket = socket
    const shadows = new Shadows(socket)
    this.#shadows = shadows
    for (const method of ['write', 'end'] as const) {
      const shadow = { [method]: (...args: unknown[]) => this.#take(socket, method, args) }[method]
      shadows.cover(method, { value: shadow, writable: true })
    }
    const destroy = (...args: unknown[]) => this.#cut(socket, args)
    shadows.cover('destroy', { value: destroy, writable: true })
    watching.set(socket, this)
    shadows.cover('writableLength', { get: writableLength })
    this.#res.once('close', () => {
      this.#begin()
      this.#restore()
    })
  }

  #begin(): void {
    if (this.#begun) return
    this.#begun = true
    for (const observer of this.#onBegin.splice(0)) quietly(observer)
  }

  #take(socket: Socket, method: Method, args: unknown[]): unknown {
    if (this.#stage === 'passed') return this.#through(method, args) // someone wrapped our shadow and kept it
    if (this.#stage === 'refused') {
      callBack([{ method, args }])
      return method === 'end' ? socket : true
    }
    // Informational answers (100, 103) are not the response; nor is a server's end of what its client has left.
    if (!this.#res.headersSent && (method === 'write' || typeof args[0] !== 'string'))
      return this.#through(method, args)
    this.#begin()
    if (this.#holds === 0 && this.#verdict === 'go' && this.#queue.length === 0) {
      this.#restore()
      return this.#through(method, args)
    }
    this.#queue.push({ method, args, corked: socket.writableCorked > 0 })
    this.#bytes += sizeOf(args)
    const room = this.#bytes < socket.writableHighWaterMark
    if (this.#holds === 0) this.#settle()
    else if (this.#bytes > this.#bound()) queueMicrotask(() => this.#overflow())
    return method === 'end' ? socket : room
  }

  /** An application that answers and cuts the connection means the answer to arrive: the cut waits behind the bytes. */
  #cut(socket: Socket, args: unknown[]): unknown {
    const lost = socket.writableCorked > 0 ? this.#queue.findLastIndex(({ corked }) => !corked) + 1 : this.#queue.length
    if (this.#stage !== 'watching' || lost === 0 || args[0] !== undefined) return this.#through('destroy', args)
    callBack(this.#queue.splice(lost), destroyed())
    this.#queue.push({ method: 'destroy', args })
    return socket
  }

  /** Where policy may still refuse, nothing may be let go: such a response is held further, while it can be. */
  #bound(): number {
    return this.#strictHolds > 0 ? this.#maxBytes * STRICT_FACTOR : this.#maxBytes
  }

  /** Bounded: a response larger than the gate is let go, or refused where policy may still refuse it. */
  #overflow(): void {
    if (this.#queue.length === 0 || this.#bytes <= this.#bound()) return
    if (this.#strictHolds > 0) this.#verdict = 'refuse'
    this.#holds = 0
    this.#settle()
  }

  #settle(): void {
    if (this.#holds > 0 || this.#queue.length === 0 || !this.#socket) return
    if (this.#verdict === 'refuse') void this.#refuse(this.#socket)
    else this.#replay(this.#socket)
  }

  #replay(socket: Socket): void {
    const queue = this.#queue.splice(0)
    const held = this.#bytes
    this.#restore()
    socket.cork()
    let room = true
    for (const { method, args } of queue)
      if (method !== 'destroy') room = (socket[method] as (...a: unknown[]) => unknown)(...args) !== false
    socket.uncork()
    if (queue.some(({ method }) => method === 'destroy')) socket.destroy()
    // Writers that saw our `false` wait for a drain that the socket itself may never need to emit.
    if (held >= socket.writableHighWaterMark && room && !socket.destroyed) process.nextTick(() => socket.emit('drain'))
  }

  /** Drops what the application wanted to send and says 503 in its place; the connection ends, so nothing is reused. */
  async #refuse(socket: Socket): Promise<void> {
    this.#stage = 'refused'
    const queue = this.#queue.splice(0)
    this.#bytes = 0
    try {
      await within(Promise.resolve(this.onRefuse()), UNDO_AT_MOST_MS)
    } catch {
      // what cannot be undone is no reason to hand over what policy refuses
    }
    const body = this.#res.req?.method === 'HEAD' ? '' : REFUSAL_BODY
    socket.once('finish', () => socket.destroy())
    this.#through('end', [
      'HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json; charset=utf-8\r\nCache-Control: no-store\r\n' +
        `Content-Length: ${REFUSAL_BODY.length}\r\nConnection: close\r\n\r\n${body}`,
    ])
    callBack(queue)
  }

  /** What a call would have done without us. */
  #through(method: Method, args: unknown[]): unknown {
    return this.#shadows?.below(method, args)
  }

  #restore(): void {
    if (this.#stage !== 'watching' || !this.#socket) return
    this.#stage = 'passed'
    this.#bytes = 0
    this.#shadows?.lift()
    // An aborted response leaves calls behind; their owners still wait for an answer.
    if (this.#socket.destroyed) callBack(this.#queue.splice(0), destroyed())
  }
}

function isSocket(socket: unknown): socket is Socket {
  // HTTP/2 hands out a proxy that throws at the mention of `write`.
  return (
    quietly(() => typeof (socket as Socket).write === 'function' && typeof (socket as Socket).end === 'function') ??
    false
  )
}

function sizeOf([chunk, encoding]: unknown[]): number {
  if (typeof chunk === 'string')
    return Buffer.byteLength(chunk, typeof encoding === 'string' ? (encoding as BufferEncoding) : 'utf8')
  return chunk instanceof Uint8Array ? chunk.byteLength : 0
}

/** What node tells the owner of bytes that a closed connection leaves behind. */
function destroyed(): Error {
  return Object.assign(new Error('Cannot call write after a stream was destroyed'), { code: 'ERR_STREAM_DESTROYED' })
}

function callBack(calls: Call[], error?: Error): void {
  for (const { args } of calls) {
    const last = args[args.length - 1]
    if (typeof last === 'function') process.nextTick(last as () => void, ...(error ? [error] : []))
  }
}
