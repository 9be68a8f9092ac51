// The contract's shop in Nest, on platform-express: handlers, guards and @nestjs/passport as an application has them.
// Decorators are called by hand, since the routes come from a list.
import 'reflect-metadata'
import {
  type CanActivate,
  Controller,
  type ExecutionContext,
  Get,
  HttpException,
  Module,
  Post,
  Req,
  Res,
  UnauthorizedException,
  UseGuards,
} from '@nestjs/common'
import { NestFactory } from '@nestjs/core'
import { AuthGuard } from '@nestjs/passport'
import { ExpressAdapter } from '@nestjs/platform-express'
import type { Audit, EventName } from '@trailproof/core'
import { auditJwt } from '@trailproof/jwt'
import { Audited, TrailproofModule } from '@trailproof/nestjs'
import { auditPassport } from '@trailproof/passport'
import { auditSession } from '@trailproof/sessions'
import type { AppUnderTest, ContractShop, ShopRoute } from '@trailproof/testkit'
import type { Request, Response } from 'express'
import session from 'express-session'
import jsonwebtoken from 'jsonwebtoken'
import passport from 'passport'
import { callOf } from './express.js'

/** Everyone signs in by the one passport that @nestjs/passport knows, so one shop runs at a time. */
export async function nestShop(shop: ContractShop, audit: Audit | undefined): Promise<AppUnderTest> {
  const store = new session.MemoryStore()
  const options = { name: 'sid', secret: 'of the contract', resave: false, saveUninitialized: false, store }
  const attach = (own: Audit) => {
    auditPassport(own, passport)
    auditJwt(own, jsonwebtoken)
  }
  const audits = audit ? [TrailproofModule.forRoot({ audit, attach }), again(audit)] : []
  class App {}
  Module({ imports: audits, controllers: [controller(shop, audit, store)] })(App)

  const app = await NestFactory.create(App, new ExpressAdapter(), { logger: false, abortOnError: false })
  app.use((audit ? auditSession(audit, session) : session)(options))
  app.use(passport.session())
  await app.listen(0, '127.0.0.1')
  shop.url = (await app.getUrl()).replace('[::1]', '127.0.0.1')
  Object.assign(passport, { _serializers: [], _deserializers: [] }) // of the shop before
  shop.usePassport(passport)
  return {
    url: shop.url,
    async stop() {
      app.getHttpServer().closeAllConnections()
      await app.close()
    },
  }
}

/** The module imported a second time records once. */
function again(audit: Audit): new () => object {
  class Again {}
  Module({ imports: [TrailproofModule.forRoot({ audit })] })(Again)
  return Again
}

function controller(shop: ContractShop, audit: Audit | undefined, store: session.MemoryStore): new () => object {
  class Routes {}
  const prototype = Routes.prototype as unknown as Record<string, unknown>
  for (const [i, route] of shop.routes.entries()) {
    const name = `route${i}`
    prototype[name] = handlerOf(route, store)
    const descriptor = Object.getOwnPropertyDescriptor(prototype, name)!
    const guards = [
      ...(route.role ? [roleGuard(route.role)] : []),
      ...(route.authenticate && !route.callback ? [passportGuard(route)] : []),
    ]
    if (guards.length) UseGuards(...guards)(prototype, name, descriptor)
    if (route.audited && audit) {
      const { event, target: type } = route.audited
      const target = (req: Request) => ({ type, id: req.params['id']! })
      Audited(event as EventName, { target: target as never })(prototype, name, descriptor)
    }
    ;(route.method === 'GET' ? Get : Post)(route.path)(prototype, name, descriptor)
    Req()(prototype, name, 0)
    Res()(prototype, name, 1)
  }
  Controller()(Routes)
  return Routes
}

function handlerOf({ authenticate, callback, handle }: ShopRoute, store: session.MemoryStore) {
  return async (req: Request, res: Response): Promise<void> => {
    let found: Express.User | false | undefined
    if (authenticate && callback)
      found = await new Promise((resolve, reject) => {
        const decided = (error: unknown, user?: Express.User | false) => (error ? reject(error) : resolve(user))
        passport.authenticate(authenticate.strategy, authenticate.options, decided)(req, res, reject)
      })
    try {
      send(res, await handle(callOf(req, store), found as never))
    } catch (error) {
      const { status = 500, message } = error as { status?: number; message: string }
      throw new HttpException(message, status)
    }
  }
}

function send(res: Response, { status, body = {}, headers = {} }: Awaited<ReturnType<ShopRoute['handle']>>): void {
  res.status(status).set(headers)
  if (!Array.isArray(body)) return void res.json(body)
  res.type('text')
  for (const part of body as string[]) res.write(part)
  res.end()
}

/** As the documentation of Nest has it: the guard of @nestjs/passport, which signs into the session where there is to be one. */
function passportGuard({ authenticate }: ShopRoute): new () => CanActivate {
  const { strategy, options } = authenticate!
  return class PassportGuard extends AuthGuard(strategy) {
    getAuthenticateOptions() {
      return options
    }

    handleRequest<User>(
      error: unknown,
      user: User,
      _info: unknown,
      _context: unknown,
      status?: number | number[],
    ): User {
      if (error) throw new HttpException((error as Error).message, (error as { status?: number }).status ?? 500)
      if (!user) throw new HttpException('who are you?', (Array.isArray(status) ? status[0] : status) ?? 401) // one for each strategy
      return user
    }

    override async canActivate(context: ExecutionContext): Promise<boolean> {
      const allowed = (await super.canActivate(context)) as boolean
      const request = context.switchToHttp().getRequest<Request>()
      if (request.user && options['session'] !== false) await super.logIn(request as never)
      return allowed
    }
  }
}

function roleGuard(role: NonNullable<ShopRoute['role']>): CanActivate {
  return {
    canActivate(context) {
      const user = context.switchToHttp().getRequest<Request>().user as { type: string } | undefined
      if (role === 'nobody') return false
      if (!user) throw new UnauthorizedException()
      return role !== 'admin' || user.type === 'admin'
    },
  }
}
