// What is Nest's alone: guards behind filters, messages over WebSockets, decorators, the module's own audit, Fastify.
import 'reflect-metadata'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect } from 'node:http2'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  Body,
  type CanActivate,
  Catch,
  Controller,
  ForbiddenException,
  Get,
  HttpCode,
  Injectable,
  Module,
  Param,
  Post,
  UseFilters,
  UseGuards,
} from '@nestjs/common'
import { NestFactory } from '@nestjs/core'
import { JwtModule, JwtService } from '@nestjs/jwt'
import { ExpressAdapter } from '@nestjs/platform-express'
import { FastifyAdapter } from '@nestjs/platform-fastify'
import { WsAdapter } from '@nestjs/platform-ws'
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets'
import { type Audit, type AuditOptions, fileWriter, memoryKeys, memoryWriter, verifyRoot } from '@trailproof/core'
import { auditJwt } from '@trailproof/jwt'
import { Audited, InjectAudit, NoAudit, TrailproofModule } from '@trailproof/nestjs'
import { memoryAudit } from '@trailproof/testkit'
import jsonwebtoken from 'jsonwebtoken'
import { afterEach, describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'

const open: { close(): Promise<unknown> }[] = []
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close()
})

const PLATFORMS = { express: () => new ExpressAdapter(), fastify: () => new FastifyAdapter() }
const no: CanActivate = { canActivate: () => false }
const throws: CanActivate = {
  canActivate() {
    throw new ForbiddenException('not this one')
  },
}

/** Decorators of parameters and methods, called by hand: no build here knows their syntax. */
function route(type: new () => object, name: string, ...decorators: MethodDecorator[]): void {
  const descriptor = Object.getOwnPropertyDescriptor(type.prototype, name)!
  for (const decorate of decorators) decorate(type.prototype, name, descriptor)
}

async function start(imports: unknown[], parts: object, adapter: () => unknown = PLATFORMS.express): Promise<string> {
  class App {}
  Module({ imports: imports as never, ...parts })(App)
  const app = await NestFactory.create(App, adapter() as never, { logger: false, abortOnError: false })
  app.useWebSocketAdapter(new WsAdapter(app))
  await app.listen(0, '127.0.0.1')
  open.push(app)
  return (await app.getUrl()).replace('[::1]', '127.0.0.1')
}

const status = async (url: string, init?: RequestInit) => (await fetch(url, { redirect: 'manual', ...init })).status

describe.each(Object.entries(PLATFORMS))('on platform-%s', (_platform, adapter) => {
  test('a guard that says no, one that throws, and an answer 403 are denials, each told once with its route', async () => {
    const memory = memoryAudit()
    open.push(memory)
    class Things {
      guarded() {
        return {}
      }
      thrown() {
        return {}
      }
      answered() {
        return {}
      }
      open() {
        return {}
      }
    }
    Controller('things')(Things)
    route(Things, 'guarded', Get(':id/guarded'), UseGuards(no))
    route(Things, 'thrown', Get(':id/thrown'), UseGuards(throws))
    route(Things, 'answered', Get(':id/answered'), HttpCode(403))
    route(Things, 'open', Get(':id/open'))
    const url = await start([TrailproofModule.forRoot({ audit: memory.audit })], { controllers: [Things] }, adapter)
    const headers = { 'x-forwarded-for': '203.0.113.9', 'user-agent': 'Test/1' }
    const paths = ['guarded', 'thrown', 'answered', 'open']
    expect(
      await Promise.all(paths.map((path) => status(`${url}/things/4711/${path}?token=secret`, { headers }))),
    ).toEqual([403, 403, 403, 200])
    const records = await memory.records()
    expect(records.map(({ event, http }) => [event, (http as { route: string }).route]).sort()).toEqual([
      ['authz.denied', '/things/:id/answered'],
      ['authz.denied', '/things/:id/guarded'],
      ['authz.denied', '/things/:id/thrown'],
    ])
    expect(records[0]).toMatchObject({
      reason: 'forbidden',
      client: { ip: '127.0.0.1', ip_source: 'socket', forwarded_ignored: true },
    })
    expect(JSON.stringify(records)).not.toMatch(/4711|secret/)
  })

  test('a denial that a filter turns into a redirect is still told', async () => {
    const memory = memoryAudit()
    open.push(memory)
    class ToLogin {
      // biome-ignore lint/suspicious/noExplicitAny: the response of two platforms
      catch(_error: unknown, host: { switchToHttp(): { getResponse(): any } }) {
        const response = host.switchToHttp().getResponse()
        if (adapter === PLATFORMS.express) response.redirect(302, '/login')
        else response.status(302).header('location', '/login').send()
      }
    }
    Catch()(ToLogin)
    class Pages {
      page() {
        return {}
      }
    }
    Controller()(Pages)
    route(Pages, 'page', Get('page'), UseGuards(no), UseFilters(ToLogin as never))
    const url = await start([TrailproofModule.forRoot({ audit: memory.audit })], { controllers: [Pages] }, adapter)
    expect(await status(`${url}/page`)).toBe(302)
    expect(await memory.records()).toMatchObject([
      { event: 'authz.denied', reason: 'forbidden', http: { route: '/page', status: 302 } },
    ])
  })

  test('below a path of `every` each request leaves one record, and one only', async () => {
    const memory = memoryAudit()
    open.push(memory)
    class Admin {
      read() {
        return {}
      }
      named() {
        return {}
      }
      guarded() {
        return {}
      }
    }
    route(Admin, 'read', Get('read'))
    route(Admin, 'named', Get('named'), Audited('report.read' as never))
    route(Admin, 'guarded', Get('guarded'), UseGuards(no))
    Controller('admin')(Admin)
    const every = { '/admin/**': 'admin.action' } as never
    const module = TrailproofModule.forRoot({ audit: memory.audit, every })
    const url = await start([module], { controllers: [Admin] }, adapter)
    const statuses: number[] = []
    for (const path of ['/admin/read', '/admin/named', '/admin/guarded', '/admin/nowhere', '/elsewhere'])
      statuses.push(await status(`${url}${path}`))
    expect(statuses).toEqual([200, 200, 403, 404, 404])
    expect((await memory.records()).map(({ event, outcome }) => `${event} ${outcome}`)).toEqual([
      'admin.action success',
      'report.read success',
      'authz.denied denied',
      'admin.action failure',
    ])
    const wrong = TrailproofModule.forRoot({ audit: memory.audit, every: { 'admin/**': 'admin.action' } as never })
    await expect(start([wrong], {}, adapter)).rejects.toThrow(/TrailproofModule\.forRoot\(\): "admin\/\*\*" is no path/)
  })

  test('@Audited names a fact, @NoAudit says why there is none, and coverage lists both', async () => {
    const memory = memoryAudit()
    open.push(memory)
    class Invoices {
      read() {
        return {}
      }
      denied() {
        return {}
      }
      broken() {
        throw new Error('a bug')
      }
      probe() {
        return {}
      }
    }
    Controller('invoices')(Invoices)
    const target = (request: { params: { id: string } }) => ({ type: 'invoice', id: request.params.id })
    route(Invoices, 'read', Get(':id'), Audited('invoice.read' as never, { target }))
    route(Invoices, 'denied', Get(':id/denied'), Audited('invoice.read' as never, { target }), UseGuards(no))
    route(Invoices, 'broken', Get(':id/broken'), Audited('invoice.read' as never, { target }))
    route(Invoices, 'probe', Get('probe/no'), NoAudit('asked every second'), UseGuards(no))
    Param('id')(Invoices.prototype, 'read', 0)
    const url = await start([TrailproofModule.forRoot({ audit: memory.audit })], { controllers: [Invoices] }, adapter)
    for (const [path, wanted] of [['7', 200], ['7/denied', 403], ['7/broken', 500], ['probe/no', 403]] as const) // biome-ignore format: a table
      expect(await status(`${url}/invoices/${path}`)).toBe(wanted)
    const invoice = { event: 'invoice.read', target: { type: 'invoice', id: '7' } }
    expect(await memory.records()).toMatchObject([
      { ...invoice, outcome: 'success', http: { route: '/invoices/:id', status: 200 } },
      { ...invoice, outcome: 'denied', http: { route: '/invoices/:id/denied', status: 403 } },
      { ...invoice, outcome: 'error', http: { route: '/invoices/:id/broken', status: 500 } },
    ])
    const { hooks } = memory.audit.coverage()
    expect(hooks['nestjs.audited']).toMatchObject({ 'Invoices.read': 'invoice.read' })
    expect(hooks['nestjs.no_audit']).toEqual({ 'Invoices.probe': 'asked every second' })
    expect(hooks['nestjs']).toMatchObject({
      guards: 'watched',
      shutdown_hooks: expect.stringContaining('enableShutdownHooks'),
    })
  })
})

test('Forwarded counts on platform-express where `trust proxy` trusts who sent it; on Fastify it is refused', async () => {
  const memory = memoryAudit()
  open.push(memory)
  class Things {
    guarded() {
      return {}
    }
  }
  route(Things, 'guarded', Get('guarded'), UseGuards(no))
  Controller()(Things)
  const module = () => TrailproofModule.forRoot({ audit: memory.audit, forwarded: true })
  const trusting = () => {
    const adapter = PLATFORMS.express()
    adapter.getInstance().set('trust proxy', 1)
    return adapter
  }
  const url = await start([module()], { controllers: [Things] }, trusting)
  await status(`${url}/guarded`, { headers: { forwarded: 'for=198.51.100.7, for=203.0.113.9' } })
  expect(await memory.records()).toMatchObject([{ client: { ip: '203.0.113.9', ip_source: 'forwarded' } }])
  await expect(start([module()], {}, PLATFORMS.fastify)).rejects.toThrow(/"forwarded" .* needs platform-express/)
})

test('on Fastify over HTTP/2 a guard’s refusal is recorded; health says that nothing can be held', async () => {
  const memory = memoryAudit()
  open.push(memory)
  class Things {
    guarded() {
      return {}
    }
    allowed() {
      return { it: 'is' }
    }
  }
  route(Things, 'guarded', Get('guarded/:id'), UseGuards(no))
  route(Things, 'allowed', Get('allowed'), Audited('item.read' as never))
  Controller()(Things)
  const overHttp2 = () => new FastifyAdapter({ http2: true } as never)
  const url = await start([TrailproofModule.forRoot({ audit: memory.audit })], { controllers: [Things] }, overHttp2)
  const session = connect(url)
  const ask = (path: string) =>
    new Promise((resolve, reject) => {
      const stream = session.request({ ':path': path })
      stream.on('response', (headers) => resolve(headers[':status'])).on('error', reject)
      stream.resume()
    })
  expect([await ask('/guarded/7'), await ask('/allowed')]).toEqual([403, 200])
  session.close()
  expect(await memory.records()).toMatchObject([
    { event: 'authz.denied', http: { route: '/guarded/:id' }, client: { ip: '127.0.0.1' } },
    { event: 'item.read', outcome: 'success', http: { route: '/allowed', status: 200 } },
  ])
  expect(memory.audit.health().gate).toBe('none')
})

test('messages over a WebSocket: a guard’s refusal is a denial, and @Audited tells how the handler ended', async () => {
  const memory = memoryAudit()
  open.push(memory)
  class Gateway {
    secret() {
      return { event: 'secret', data: 'never' }
    }
    order() {
      return { event: 'order', data: 'done' }
    }
  }
  route(Gateway, 'secret', SubscribeMessage('secret'), UseGuards(no))
  route(Gateway, 'order', SubscribeMessage('order'), Audited('order.placed' as never))
  WebSocketGateway()(Gateway)
  const url = await start([TrailproofModule.forRoot({ audit: memory.audit })], { providers: [Gateway] })
  const socket = new WebSocket(url.replace('http', 'ws'))
  await new Promise((resolve) => socket.once('open', resolve))
  const answers: string[] = []
  socket.on('message', (data) => answers.push(String(data)))
  for (const event of ['secret', 'order']) socket.send(JSON.stringify({ event, data: {} }))
  for (let i = 0; i < 200 && answers.length < 2; i++) await new Promise((later) => setTimeout(later, 10))
  socket.close()
  expect(answers.some((answer) => answer.includes('"done"'))).toBe(true)
  expect(await memory.records()).toMatchObject([
    { event: 'authz.denied', http: { method: 'WS', route: 'Gateway.secret' } },
    { event: 'order.placed', outcome: 'success', http: { route: 'Gateway.order' } },
  ])
})

test('forRootAsync makes an audit of its own, hooks @nestjs/jwt, injects it, and writes everything out at shutdown', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'trailproof-nest-'))
  class Tokens {
    constructor(
      private readonly audit: Audit,
      private readonly jwt: JwtService,
    ) {}
    async issue(body: { name: string }) {
      await this.audit.record({ event: 'login.succeeded', actor: { id: body.name } })
      return { token: await this.jwt.signAsync({ sub: body.name }) }
    }
  }
  InjectAudit()(Tokens, undefined as never, 0)
  Reflect.defineMetadata('design:paramtypes', [Object, JwtService], Tokens)
  Injectable()(Tokens)
  Controller()(Tokens)
  route(Tokens as never, 'issue', Post('token'))
  Body()(Tokens.prototype, 'issue', 0)
  const made: Audit[] = []
  const useFactory = async () => ({
    service: 'shop',
    writer: fileWriter(dir),
    keys: memoryKeys(),
    attach(audit: Audit) {
      made.push(audit)
      auditJwt(audit, jsonwebtoken)
    },
  })
  const url = await start(
    [
      TrailproofModule.forRootAsync({ useFactory }),
      JwtModule.register({ secret: 'a secret of thirty-two bytes or more' }),
    ],
    { controllers: [Tokens] },
  )
  const answer = await fetch(`${url}/token`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ name: 'ann' }),
  })
  expect(answer.status).toBe(201)
  const [audit] = made
  expect(audit!.coverage().events).toMatchObject({ 'login.succeeded': 1, 'token.issued': 1 })
  await open.pop()!.close()
  const report = await verifyRoot(dir)
  expect(report.ok).toBe(true)
  expect(report.logs[0]!.size).toBeGreaterThan(3) // started, sign-in, token, stopped
  rmSync(dir, { recursive: true })
})

test('after detach the application answers as before, and nothing of Nest stays patched', async () => {
  const options: AuditOptions = { service: 'shop', writer: memoryWriter(), keys: memoryKeys() }
  class Things {
    guarded() {
      return {}
    }
  }
  Controller()(Things)
  route(Things, 'guarded', Get('guarded'), UseGuards(no))
  let audit: Audit | undefined
  const attach = (own: Audit) => void (audit = own)
  const { GuardsConsumer } = await import('@nestjs/core/guards/guards-consumer.js' as string)
  const before = GuardsConsumer.prototype.tryActivate
  const url = await start([TrailproofModule.forRoot({ ...options, attach })], { controllers: [Things] })
  expect(GuardsConsumer.prototype.tryActivate).not.toBe(before)
  audit!.detach()
  expect(GuardsConsumer.prototype.tryActivate).toBe(before)
  expect(await status(`${url}/guarded`)).toBe(403)
  expect(audit!.coverage().events['authz.denied']).toBeUndefined()
})
