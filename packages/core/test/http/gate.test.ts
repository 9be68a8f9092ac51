// Holding: no byte leaves before its time, and afterwards everything is as it would have been.
import { pipeline, Readable, Transform } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { type App, deferred, eventually, listen, masked, quiet, RawClient, request, serveGated, turn } from './raw.js'

/** Ways in which applications answer. */
const ANSWERS: Record<string, App> = {
  'a small body': ({ res }) => res.end('hello'),
  'json with a length': ({ res }) =>
    res.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': 11 }).end('{"ok":true}'),
  'a body written before the end': ({ res }) => {
    res.setHeader('Content-Length', 5)
    res.write('hello')
    res.end()
  },
  'a body written, and the connection closed': ({ res }) => {
    res.writeHead(200, { 'Content-Length': 5, Connection: 'close' })
    res.write('hello')
    res.end()
  },
  'chunks over several turns': async ({ res }) => {
    for (const chunk of ['one', 'two', 'three']) {
      res.write(chunk)
      await turn()
    }
    res.end('four')
  },
  'flushed headers first': async ({ res }) => {
    res.flushHeaders()
    await turn()
    res.end('late')
  },
  trailers: ({ req, res }) => {
    if (req.method === 'GET') res.setHeader('Trailer', 'X-Sum')
    res.write('body')
    res.addTrailers({ 'X-Sum': '1' })
    res.end()
  },
  'no content': ({ res }) => res.writeHead(204).end(),
  'not modified': ({ res }) => res.writeHead(304, { ETag: '"1"' }).end(),
  'a redirect': ({ res }) => res.writeHead(302, { Location: '/' }).end(),
  'early hints first': ({ res }) => {
    res.writeEarlyHints({ link: '</a.css>; rel=preload' })
    res.end('hinted')
  },
  'a hex string': ({ res }) => {
    res.setHeader('Content-Length', 3)
    res.write('616263', 'hex')
    res.end()
  },
  'a piped stream': ({ res }) => Readable.from(['a', 'b', 'c']).pipe(res),
  'a transformed stream': ({ res }) => {
    const upper = new Transform({ transform: (chunk, _, done) => done(null, String(chunk).toUpperCase()) })
    pipeline(Readable.from(['x'.repeat(40_000), 'y'.repeat(40_000)]), upper, res, () => {})
  },
  'connection close': ({ res }) => {
    res.shouldKeepAlive = false
    res.end('bye')
  },
}

describe.each(Object.entries(ANSWERS))('%s', (_name, answer) => {
  it.each(['GET', 'HEAD'])('leaves byte for byte as without the gate, after the hold (%s)', async (method) => {
    const marker = request('/last', 'GET', 'Connection: close\r\n')
    const both = async (app: App) => {
      const { port } = await serveGated((visit) => (visit.req.url === '/last' ? visit.res.end('last') : app(visit)))
      const client = RawClient.to(port).send(request('/', method))
      await client.until(/\r\n\r\n/)
      if (!/Connection: close/.test(client.text)) client.send(marker)
      return masked(await client.closed)
    }
    const plain = await both(answer)
    const gated = await both((visit) => {
      const release = visit.gate.hold()
      answer(visit)
      void eventually(() => visit.res.finished || visit.res.writableNeedDrain)
        .then(turn)
        .then(release)
    })
    expect(gated).toBe(plain)
  })
})

describe('while a response is held', () => {
  it('no byte of it leaves, and all of it leaves at the release', async () => {
    const { port, visits } = await serveGated(({ req, res, gate }) => {
      if (req.url === '/probe') return res.end('probed')
      hold.resolve(gate.hold())
      res.end('secret')
    })
    const hold = deferred<() => void>()
    const client = RawClient.to(port).send(request())
    const release = await hold.promise
    await quiet(client, port)
    expect(client.text).toBe('')
    expect(visits[0]!.events).toEqual([])
    release()
    expect(await client.until(/secret/)).toMatch(/^HTTP\/1\.1 200 OK/)
    expect(visits[0]!.events[0]).toBe('finish')
  })

  it('a response of known length is not taken for finished, nor its connection for free', async () => {
    const { port, visits } = await serveGated(({ req, res, gate }) => {
      if (req.url === '/probe') return res.end('probed')
      hold.resolve(gate.hold())
      res.writeHead(200, { 'Content-Length': 5 })
      res.write('hello')
      res.end()
    })
    const hold = deferred<() => void>()
    const client = RawClient.to(port).send(request('/first'))
    const release = await hold.promise
    await quiet(client, port)
    expect({ events: visits[0]!.events, finished: visits[0]!.res.writableFinished }).toEqual({
      events: [],
      finished: false,
    })
    release()
    await client.until(/hello$/)
    await eventually(() => visits[0]!.events.length === 2)
    expect(visits[0]!.events).toEqual(['finish', 'close'])
  })

  it('a hold opened after res.end() still holds, since no byte has left', async () => {
    const { port } = await serveGated(({ req, res, gate }) => {
      if (req.url === '/probe') return res.end('probed')
      const first = gate.hold()
      res.writeHead(200, { 'Content-Length': 2 })
      res.write('ok')
      res.end()
      holds.resolve([first, gate.hold()])
    })
    const holds = deferred<[() => void, () => void]>()
    const client = RawClient.to(port).send(request())
    const [first, second] = await holds.promise
    first()
    first()
    await quiet(client, port)
    expect(client.text).toBe('')
    second()
    await client.until(/ok$/)
  })

  it('pipelined responses stay behind it, in order', async () => {
    const { port } = await serveGated(({ req, res, gate }) => {
      if (req.url === '/probe') return res.end('probed')
      if (req.url === '/1') hold.resolve(gate.hold())
      res.setHeader('Content-Length', 2)
      res.write(req.url!)
      res.end()
    })
    const hold = deferred<() => void>()
    const client = RawClient.to(port).send(request('/1'), request('/2'), request('/3'))
    const release = await hold.promise
    await quiet(client, port)
    expect(client.text).toBe('')
    release()
    const text = await client.until(/\/3$/)
    expect(text.match(/\/\d$|\/\d(?=HTTP)/gm)).toEqual(['/1', '/2', '/3'])
  })

  it('a hold on a pipelined response holds that one alone', async () => {
    const { port } = await serveGated(({ req, res, gate }) => {
      if (req.url === '/probe') return res.end('probed')
      if (req.url === '/2') hold.resolve(gate.hold())
      res.end(`<${req.url}>`)
    })
    const hold = deferred<() => void>()
    const client = RawClient.to(port).send(request('/1'), request('/2'), request('/3'))
    const release = await hold.promise
    await client.until(/<\/1>/)
    await quiet(client, port)
    expect(client.text).not.toContain('</2>')
    release()
    await client.until(/<\/2>[\s\S]*<\/3>/)
  })

  it('two requests on two sockets do not share it, and the held connection is reused afterwards', async () => {
    const { port } = await serveGated(({ req, res, gate }) => {
      if (req.url === '/held') hold.resolve(gate.hold())
      res.end(`<${req.url}>`)
    })
    const hold = deferred<() => void>()
    const held = RawClient.to(port).send(request('/held'))
    const release = await hold.promise
    await RawClient.to(port)
      .send(request('/free'))
      .until(/<\/free>/)
    expect(held.text).toBe('')
    release()
    await held.until(/<\/held>/)
    await held.send(request('/again')).until(/<\/again>/)
  })

  it('100 Continue is not held back', async () => {
    const { port } = await serveGated(({ req, res, gate }) => {
      const release = gate.hold()
      req.resume().on('end', () => {
        res.end('got it')
        release()
      })
    })
    const client = RawClient.to(port).send(request('/', 'POST', 'Expect: 100-continue\r\nContent-Length: 4\r\n'))
    await client.until(/^HTTP\/1\.1 100 Continue/)
    await client.send('body').until(/got it/)
  })

  it('each write callback is called once, in order, after the release', async () => {
    const calls: string[] = []
    const { port } = await serveGated(({ res, gate }) => {
      const release = gate.hold()
      for (const name of ['a', 'b', 'c']) res.write(name, () => calls.push(name))
      res.end('d', () => calls.push('end'))
      void turn().then(() => {
        calls.push('released')
        release()
      })
    })
    await RawClient.to(port)
      .send(request())
      .until(/0\r\n\r\n$/)
    await eventually(() => calls.includes('end'))
    expect(calls).toEqual(['released', 'a', 'b', 'c', 'end'])
  })

  it('back-pressure stops the writer, and drain sets it going again', async () => {
    const hold = deferred<() => void>()
    const full = Buffer.alloc(5 * 2 ** 20, 'x')
    let pushed = 0
    const { port, visits } = await serveGated(({ res, gate }) => {
      hold.resolve(gate.hold())
      const chunks = function* () {
        for (let at = 0; at < full.length; at += 16_384) {
          pushed++
          yield full.subarray(at, at + 16_384)
        }
      }
      Readable.from(chunks()).pipe(res)
    })
    const client = RawClient.to(port).send(request('/', 'GET', 'Connection: close\r\n'))
    const release = await hold.promise
    await eventually(() => pushed > 0)
    for (let i = 0; i < 20; i++) await turn()
    expect(pushed).toBeLessThan(64)
    expect(client.text).toBe('')
    release()
    await client.closed
    expect(client.bytes).toBeGreaterThan(full.length)
    expect(visits[0]!.events.filter((event) => event !== 'drain')).toEqual(['finish', 'close'])
  })

  it('more than it may hold is let go', async () => {
    const { port } = await serveGated(({ res, gate }) => {
      gate.hold()
      res.end('x'.repeat(300_000))
    }, 100_000)
    const text = await RawClient.to(port).send(request('/', 'GET', 'Connection: close\r\n')).closed
    expect(text.length).toBeGreaterThan(300_000)
  })
})

describe('afterwards', () => {
  it('the socket has no property of ours, and one that others had put there is back', async () => {
    const wrapped: string[] = []
    const { port, visits } = await serveGated(({ res, gate }) => {
      const socket = res.socket!
      const write = socket.write.bind(socket)
      socket.write = ((...args: Parameters<typeof write>) => (
        wrapped.push('write'), write(...args)
      )) as typeof socket.write
      const release = gate.hold()
      res.end('x')
      setImmediate(release)
      gate.onBegin(() => {})
      sockets.push(socket)
    })
    const sockets: object[] = []
    await RawClient.to(port).send(request()).until(/x$/)
    expect(visits).toHaveLength(1)
    expect(Object.keys(sockets[0]!).filter((key) => ['write', 'end', 'writableLength'].includes(key))).toEqual([
      'write',
    ])
    expect(Object.hasOwn(sockets[0]!, 'end') || Object.hasOwn(sockets[0]!, 'writableLength')).toBe(false)
    expect(wrapped.length).toBeGreaterThan(0)
  })

  it('a library that wrapped the socket over the gate keeps its wrapper, and the next request is served', async () => {
    let seen = 0
    const { port } = await serveGated(({ res, gate }) => {
      const release = gate.hold()
      const socket = res.socket!
      if (seen === 0) {
        const below = socket.write
        socket.write = function (this: unknown, ...args: unknown[]) {
          seen++
          return (below as (...a: unknown[]) => boolean).apply(this, args)
        } as typeof socket.write
      }
      res.end('served')
      setImmediate(release)
    })
    const client = RawClient.to(port).send(request())
    await client.until(/served$/)
    await client.send(request()).until(/served[\s\S]*served$/)
    expect(seen).toBeGreaterThan(0)
  })

  it('a client that leaves during the hold costs nothing: callbacks are told, close comes, the release does no harm', async () => {
    const hold = deferred<() => void>()
    const called: unknown[] = []
    const { port, visits } = await serveGated(({ res, gate }) => {
      hold.resolve(gate.hold())
      res.write('a', (error) => called.push((error as NodeJS.ErrnoException | undefined)?.code))
      res.end('b')
    })
    const client = RawClient.to(port).send(request())
    const release = await hold.promise
    client.socket.resetAndDestroy()
    await eventually(() => visits[0]!.events.includes('close') && called.length > 0)
    release()
    await turn()
    expect(called).toEqual(['ERR_STREAM_DESTROYED'])
    expect(visits[0]!.events.filter((event) => event === 'close')).toHaveLength(1)
  })

  it('a client that has said all it had to say still gets its answer', async () => {
    const hold = deferred<() => void>()
    const { port, visits } = await serveGated(({ res, gate }) => {
      hold.resolve(gate.hold())
      res.end('for half open clients')
    })
    const client = RawClient.to(port).send(request())
    client.socket.end()
    const release = await hold.promise
    await turn()
    release()
    expect(await client.closed).toMatch(/for half open clients/)
    await eventually(() => visits[0]!.events.length === 2)
    expect(visits[0]!.events).toEqual(['finish', 'close'])
  })

  it('a client that leaves before a held response begins is noticed at once, and its server sees no error', async () => {
    const errors: unknown[] = []
    const begun = deferred<() => void>()
    const { port, server, visits } = await serveGated(({ gate }) => begun.resolve(gate.hold()))
    server.on('clientError', (error) => errors.push(error))
    const client = RawClient.to(port).send(request())
    const release = await begun.promise
    client.socket.end()
    await eventually(() => visits[0]!.events.includes('close'))
    visits[0]!.res.end('to nobody')
    release()
    await turn()
    expect(errors).toEqual([])
  })

  it('res.destroy() during the hold ends the connection without an answer', async () => {
    const { port } = await serveGated(({ res, gate }) => {
      const release = gate.hold()
      res.write('never')
      res.destroy()
      setImmediate(release)
    })
    expect(await RawClient.to(port).send(request()).closed).toBe('')
  })
})

describe('what watches the beginning of a response', () => {
  it('is told once, with the status final and no byte gone, and its errors do not reach the application', async () => {
    const statuses: unknown[] = []
    const { port } = await serveGated(({ res, gate }) => {
      gate.onBegin(() => {
        statuses.push([gate.status, res.headersSent])
        throw new Error('an observer at fault')
      })
      res.statusCode = 418
      res.write('short')
      res.end(' and stout')
    })
    await RawClient.to(port).send(request()).until(/stout/)
    expect(statuses).toEqual([[418, true]])
  })

  it('is told also when the client has left before the answer', async () => {
    const seen: unknown[] = []
    const { port, visits } = await serveGated(({ res, gate }) => gate.onBegin(() => seen.push(res.headersSent)))
    const client = RawClient.to(port).send(request('/1'), request('/2'))
    await eventually(() => visits.length === 2)
    client.socket.destroy()
    await eventually(() => seen.length === 2, 'both responses told')
    expect(seen).toEqual([false, false])
  })

  it('is told at once when the response has begun, and a hold then does nothing', async () => {
    const seen: string[] = []
    const { port } = await serveGated(async ({ res, gate }) => {
      res.write('one ')
      await turn()
      gate.onBegin(() => seen.push('told'))
      gate.hold()
      res.end('two')
    })
    expect(await RawClient.to(port).send(request('/', 'GET', 'Connection: close\r\n')).closed).toMatch(/two/)
    expect(seen).toEqual(['told'])
  })

  it('is told where responses have no socket of node, and gate says none', async () => {
    const { ServerResponse, IncomingMessage } = await import('node:http')
    const { Gate } = await import('../../src/http/gate.js')
    const res = new ServerResponse(new IncomingMessage(undefined as never))
    Object.defineProperty(res, 'socket', {
      get: () =>
        new Proxy(
          {},
          {
            get: () => {
              throw new Error('ERR_HTTP2_NO_SOCKET_MANIPULATION')
            },
          },
        ),
    })
    const gate = new Gate(res, 1000)
    const seen: string[] = []
    gate.onBegin(() => seen.push('told'))
    res.emit('finish')
    expect({ kind: gate.kind, seen }).toEqual({ kind: 'none', seen: ['told'] })
  })

  it('sees nothing when a server answers a request it cannot parse', async () => {
    const { port } = await listen((_, res) => res.end('ok'))
    expect(await RawClient.to(port).send('NONSENSE\r\n\r\n').closed).toMatch(/^HTTP\/1\.1 400/)
  })
})

describe('an application that answers and cuts the connection', () => {
  const CUTS: Record<string, App> = {
    'a turn later': async ({ res }) => {
      res.writeHead(200, { 'Content-Length': 10 }).write('hello')
      await turn()
      res.socket!.destroy()
    },
    'at once': ({ res }) => {
      res.writeHead(200, { 'Content-Length': 10 }).write('hello')
      res.socket!.destroy()
    },
    'with an error': async ({ res }) => {
      res.writeHead(200, { 'Content-Length': 10 }).write('hello')
      await turn()
      res.socket!.on('error', () => {}).destroy(new Error('as planned'))
    },
  }

  it.each(Object.entries(CUTS))('%s: what would have arrived arrives', async (name, cut) => {
    const bare = await serveGated(cut)
    const expected = await RawClient.to(bare.port).send(request()).closed
    const release = deferred<void>()
    const gated = await serveGated((visit) => {
      const go = visit.gate.hold()
      void release.promise.then(go)
      cut(visit)
    })
    const client = RawClient.to(gated.port).send(request())
    await eventually(() => gated.visits.length === 1 && gated.visits[0]!.res.headersSent)
    await turn()
    await turn()
    expect(client.text).toBe('')
    release.resolve()
    // A cut with an error means the connection is broken: it is never made to wait, and what is held goes with it.
    expect(masked(await client.closed)).toBe(name === 'with an error' ? '' : masked(expected))
    if (name === 'a turn later') expect(expected).toContain('hello')
  })
})
