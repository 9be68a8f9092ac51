// 401 and 403 are facts; so is what `audited` says of a route.

import { coreOf } from '@trailproof/core/adapter'
import { describe, expect, it } from 'vitest'
import { auditExpress, audited } from '../src/index.js'
import { answer, deferred, eventually, RawClient, request, serve, tell, turn, versions } from './support.js'

describe.each(versions)('%s', (_, express) => {
  it.each<[string, string[], number, string[]]>([
    ['a bare 401', [], 401, ['authz.denied']],
    ['a bare 403', [], 403, ['authz.denied']],
    ['another error', [], 404, []],
    ['a 401 that a failed sign-in explains', ['login.failed'], 401, ['login.failed']],
    ['a 401 that a rejected token explains', ['token.rejected'], 401, ['token.rejected']],
    ['a 401 that a revoked token explains', ['token.reuse_detected'], 401, ['token.reuse_detected']],
    ['a 403 the application has told itself', ['authz.denied'], 403, ['authz.denied']],
    ['a 403 to someone whose token is good', ['token.verified'], 403, ['token.verified', 'authz.denied']],
  ])('%s', async (_name, told, status, events) => {
    const { t, url } = await serve(express, (app) =>
      app.get('/area/:id', (_req, res) => {
        for (const event of told) tell(t, event)
        res.status(status).json({})
      }),
    )
    await fetch(`${url}/area/7`)
    const lines = await t.lines()
    expect(lines.map((line) => line.event)).toEqual(events)
    if (told.length === 0 && events.length)
      expect(lines[0]).toMatchObject({
        outcome: 'denied',
        severity: 3,
        reason: status === 401 ? 'unauthenticated' : 'forbidden',
        hook: 'express',
        http: { method: 'GET', route: '/area/:id', status },
      })
  })

  it('middleware that denies, errors that carry a status, streamed and empty answers are denials like others', async () => {
    const { t, url } = await serve(express, (app) => {
      app.use('/guarded', (_req, res) => void res.status(403).end())
      app.get('/thrown', (_req, _res, next) => next(Object.assign(new Error('no'), { status: 403 })))
      app.get('/streamed', (_req, res) => {
        res.status(401)
        res.write('n')
        setImmediate(() => res.end('o'))
      })
    })
    for (const path of ['/guarded/x', '/thrown', '/streamed']) await fetch(url + path).then((res) => res.text())
    expect((await t.lines()).map((line) => [line.event, line.http!['route'], line.http!['status']])).toEqual([
      ['authz.denied', '/guarded/*', 403],
      ['authz.denied', '/thrown', 403],
      ['authz.denied', '/streamed', 401],
    ])
  })

  it('the answer waits for its denial to be recorded', async () => {
    const { t, port } = await serve(express, (app) => app.get('/', (_req, res) => void res.sendStatus(403)))
    t.writer.hang()
    const client = RawClient.to(port).send(request())
    await eventually(() => t.writer.appends > 1)
    await turn()
    expect(client.text).toBe('')
    t.writer.work()
    await client.until(/403 Forbidden/)
  })

  it.each<[number, string]>([
    [200, 'success'],
    [204, 'success'],
    [302, 'success'],
    [304, 'success'],
    [400, 'failure'],
    [401, 'denied'],
    [403, 'denied'],
    [404, 'failure'],
    [500, 'error'],
  ])('audited: status %i is %s, once, and no other denial', async (status, outcome) => {
    const { t, port } = await serve(express, (app) =>
      app.get(
        '/invoices/:id',
        audited('invoice.exported' as never, {
          target: (req) => ({ type: 'invoice', id: req['params'].id }),
          data: () => ({ rows: 3 }),
        }),
        (_req, res) => void res.status(status).end(),
      ),
    )
    await answer(port, '/invoices/42')
    const lines = await t.lines()
    expect(lines).toHaveLength(1)
    expect(lines[0]).toMatchObject({
      event: 'invoice.exported',
      outcome,
      source: 'hook',
      hook: 'express',
      target: { type: 'invoice', id: '42' },
      data: { rows: 3 },
      http: { method: 'GET', route: '/invoices/:id', status },
    })
  })

  it('audited: what the application computes wrongly is left out, the fact stays', async () => {
    const fail = () => {
      throw new Error('no target')
    }
    const { t, port } = await serve(express, (app) => {
      app.get(
        '/throws',
        audited('invoice.exported' as never, { target: fail, data: fail }),
        (_req, res) => void res.end('ok'),
      )
      app.get(
        '/junk',
        audited('invoice.exported' as never, { target: () => 'x' as never, data: () => ['x'] as never }),
        (_req, res) => void res.end('ok'),
      )
    })
    for (const path of ['/throws', '/junk']) expect(await answer(port, path)).toMatch(/ok/)
    expect((await t.lines()).map(({ target, data }) => [target, data])).toEqual([
      [undefined, undefined],
      [undefined, { value: ['x'] }],
    ])
  })

  it('audited: a client that hangs up before the answer does not keep the fact out of the log', async () => {
    const { t, port } = await serve(express, (app) =>
      app.get('/export', audited('invoice.exported' as never), async (_req, res) => {
        begun.resolve()
        await gone.promise
        res.end('too late')
      }),
    )
    const [begun, gone] = [deferred(), deferred()]
    const client = RawClient.to(port).send(request('/export'))
    await begun.promise
    client.socket.destroy()
    await eventually(() => t.raw().some((line) => line.includes('invoice.exported')), 'the record')
    gone.resolve()
    await turn()
    const lines = await t.lines()
    expect(
      lines.map(({ event, outcome, reason, http }) => ({ event, outcome, reason, status: http!['status'] })),
    ).toEqual([{ event: 'invoice.exported', outcome: 'unknown', reason: 'client_left', status: undefined }])
  })

  it('audited: an answer that policy has refused is no success', async () => {
    const { t, port } = await serve(
      express,
      (app) =>
        app.get('/export', audited('invoice.exported' as never), async (_req, res) => {
          await coreOf(t.audit).observe({ event: 'role.granted', hook: 'test' })
          res.end('SECRET')
        }),
      { policy: [{ events: 'role.*', onFailure: 'refuse', waitAtMostMs: 20 }] },
    )
    t.writer.reject()
    expect(await answer(port, '/export')).toMatch(/^HTTP\/1\.1 503/)
    t.writer.work()
    const line = (await t.lines()).find(({ event }) => event === 'invoice.exported')
    expect([line!.outcome, line!.http!['status']]).toEqual(['error', 503])
    expect((await t.lines()).map(({ event }) => event)).toEqual(['role.granted', 'invoice.exported']) // no sign-in was refused
  })
})

it('audited refuses what cannot name an event, when the route is built', () => {
  for (const name of ['audit.stopped', 'Invoice Exported', '', undefined])
    expect(() => audited(name as never)).toThrow(expect.objectContaining({ code: 'TRAILPROOF_OPTION_INVALID' }))
})

it('audited without auditExpress serves the request, and says once that it records nothing', async () => {
  const warnings: string[] = []
  const heard = (warning: Error) => warnings.push(warning.message)
  process.on('warning', heard)
  const { default: express } = await import('express')
  const { listen } = await import('./support.js')
  const app = express()
  app.get('/', audited('invoice.exported' as never), (_req, res) => void res.end('ok'))
  const { port } = await listen(app)
  for (let i = 0; i < 2; i++) expect(await answer(port, '/')).toMatch(/ok/)
  await turn()
  process.off('warning', heard)
  expect(warnings).toEqual(["audited('invoice.exported') records nothing: mount auditExpress(audit) before it"])
  expect(typeof auditExpress).toBe('function')
})
