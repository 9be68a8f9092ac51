// Answers that take their time: streams and server-sent events. They are recorded when they begin, wait for their record,
// and after that flow as without the audit; a client that leaves, or an error on the way, is not told twice.
import { Readable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { audited } from '../src/index.js'
import { answer, deferred, eventually, RawClient, request, serve, tell, turn, versions } from './support.js'

const EXPORTED = 'report.exported' as never

describe.each(versions)('%s', (_name, express) => {
  it('a stream is recorded once, at its beginning, with its status', async () => {
    const { t, port } = await serve(express, (app) =>
      app.get('/report', audited(EXPORTED), (_req, res) => void Readable.from(['one,', 'two,', 'three']).pipe(res)),
    )
    expect(await answer(port, '/report')).toMatch(/one,[\s\S]*two,[\s\S]*three/)
    const lines = await t.lines()
    expect(lines.map(({ event, outcome, http }) => [event, outcome, http!['status']])).toEqual([
      ['report.exported', 'success', 200],
    ])
  })

  it('server-sent events: the first waits for its record, the next ones leave at once', async () => {
    const [first, second, over] = [deferred(), deferred(), deferred()]
    const { t, port } = await serve(express, (app, t) =>
      app.get('/events', async (_req, res) => {
        res.set({ 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
        tell(t, 'session.created')
        res.write('data: first\n\n')
        first.resolve()
        await second.promise
        res.write('data: second\n\n')
        await over.promise
        res.end()
      }),
    )
    t.writer.hang()
    const client = RawClient.to(port).send(request('/events'))
    await first.promise
    await turn()
    expect(client.text).toBe('')
    t.writer.work()
    await eventually(() => client.text.includes('data: first'), 'the first event')
    second.resolve()
    await eventually(() => client.text.includes('data: second'), 'the second event')
    over.resolve()
    client.socket.destroy()
    expect((await t.lines()).map(({ event }) => event)).toEqual(['session.created'])
  })

  it('a record made while events flow does not hold them', async () => {
    const [told, more] = [deferred(), deferred()]
    const { t, port } = await serve(express, (app, t) =>
      app.get('/events', async (_req, res) => {
        res.write('data: first\n\n')
        await told.promise
        tell(t, 'role.granted')
        res.write('data: second\n\n')
        more.resolve()
      }),
    )
    const client = RawClient.to(port).send(request('/events'))
    await eventually(() => client.text.includes('data: first'), 'the first event')
    t.writer.hang()
    told.resolve()
    await more.promise
    await eventually(() => client.text.includes('data: second'), 'the second event')
    t.writer.work()
    client.socket.destroy()
    expect((await t.lines()).map(({ event }) => event)).toEqual(['role.granted'])
  })

  it('a client that leaves in the middle of a stream leaves no second record', async () => {
    const closed = deferred()
    const { t, port } = await serve(express, (app) =>
      app.get('/report', audited(EXPORTED), (_req, res) => {
        res.write('one,')
        res.once('close', () => closed.resolve())
      }),
    )
    const client = RawClient.to(port).send(request('/report'))
    await eventually(() => client.text.includes('one,'), 'the beginning')
    client.socket.destroy()
    await closed.promise
    await turn()
    expect((await t.lines()).map(({ event, outcome }) => [event, outcome])).toEqual([['report.exported', 'success']])
  })

  it('an error in the middle of a stream: what was begun is told as it began, and the connection ends as it does', async () => {
    const { t, port } = await serve(express, (app) => {
      app.get('/report', audited(EXPORTED), (_req, res, next) => {
        res.write('one,')
        setTimeout(() => next(Object.assign(new Error('a bug'), { status: 403 })), 5)
      })
    })
    const text = await answer(port, '/report')
    expect(text).toMatch(/^HTTP\/1\.1 200[\s\S]*one,/)
    expect(text).not.toMatch(/\r\n0\r\n/) // cut off, not ended
    expect((await t.lines()).map(({ event, outcome }) => [event, outcome])).toEqual([['report.exported', 'success']])
  })

  it('a stream that answers 403 is a denial like any other', async () => {
    const { t, port } = await serve(express, (app) =>
      app.get('/report', (_req, res) => void Readable.from(['no', 'pe']).pipe(res.status(403))),
    )
    await answer(port, '/report')
    expect((await t.lines()).map(({ event, http }) => [event, http!['status']])).toEqual([['authz.denied', 403]])
  })

  it('an error handler that answers 403 is a denial, with the route where it happened', async () => {
    const { t, port } = await serve(express, (app) => {
      const router = express.Router()
      router.get('/:id', (_req, _res, next) => next(new Error('forbidden')))
      app.use('/shops/:shop', router)
      app.use(((_error: Error, _req: unknown, res: { sendStatus(code: number): void }, _next: unknown) =>
        res.sendStatus(403)) as never)
    })
    await answer(port, '/shops/4711/7')
    expect((await t.lines()).map(({ event, http }) => [event, http!['route']])).toEqual([
      ['authz.denied', '/shops/:shop/:id'],
    ])
  })

  it('a sub-application denies, and is audited, as the application does', async () => {
    const { t, port } = await serve(express, (app) => {
      const sub = express()
      sub.get('/denied/:id', (_req, res) => void res.sendStatus(403))
      sub.get('/report', audited(EXPORTED), (_req, res) => void res.end('csv'))
      app.use('/sub/:tenant', sub)
    })
    await answer(port, '/sub/acme/denied/7')
    await answer(port, '/sub/acme/report')
    expect((await t.lines()).map(({ event, http }) => [event, http!['route'], http!['status']])).toEqual([
      ['authz.denied', '/sub/:tenant/denied/:id', 403],
      ['report.exported', '/sub/:tenant/report', 200],
    ])
  })

  it('a client that leaves while its denial waits for the log is told once', async () => {
    const { t, port } = await serve(express, (app) => app.get('/denied', (_req, res) => void res.sendStatus(403)))
    t.writer.hang()
    const client = RawClient.to(port).send(request('/denied'))
    await new Promise((sent) => setTimeout(sent, 30))
    client.socket.destroy()
    await turn()
    t.writer.work()
    expect((await t.lines()).map(({ event }) => event)).toEqual(['authz.denied'])
  })
})
