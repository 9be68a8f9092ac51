// The shop: a Nest application put together from its parts. The audit is attached at one place, and may be absent.
import 'reflect-metadata'
import { randomBytes } from 'node:crypto'
import type { Server } from 'node:http'
import { Module } from '@nestjs/common'
import { NestFactory } from '@nestjs/core'
import type { NestExpressApplication } from '@nestjs/platform-express'
import type { Audit } from '@trailproof/core'
import session from 'express-session'
import passport, { type PassportStatic } from 'passport'
import { AccountController } from './account.controller.js'
import { AdminController } from './admin.controller.js'
import { ApiController } from './api.controller.js'
import type { Attached } from './audit.js'
import { ErrorsFilter } from './errors.filter.js'
import { Shop } from './shop.js'

export interface ShopOptions {
  /** Ids are u-1, u-2, … in this order. */
  users: { email: string; password: string; role: 'customer' | 'admin' }[]
  /** See audit.ts. */
  audit?: Audit
  /** `attachAudit` of audit.ts; needed with `audit` only. */
  attach?: (audit: Audit, parts: { passport: PassportStatic }) => Attached
}

/** Builds a shop of its own: two shops in one process share no user, session or passport. */
export async function createShop({ users, audit, attach }: ShopOptions) {
  const own: PassportStatic = new (passport as unknown as { Passport: new () => PassportStatic }).Passport()
  const attached = audit && attach ? attach(audit, { passport: own }) : { imports: [], session }
  const shop = new Shop(own, users, audit)

  @Module({
    imports: attached.imports,
    controllers: [AccountController, ApiController, AdminController],
    providers: [{ provide: Shop, useValue: shop }],
  })
  class ShopModule {}

  const app = await NestFactory.create<NestExpressApplication>(ShopModule, { logger: ['error'], abortOnError: false })
  app.disable('x-powered-by')
  const sessions = attached.session({
    name: 'shop.sid',
    secret: randomBytes(32).toString('base64url'),
    resave: false,
    saveUninitialized: false,
    cookie: { httpOnly: true, sameSite: 'lax', secure: 'auto' },
  })
  app.use(sessions, own.session())
  app.useGlobalFilters(new ErrorsFilter())
  await app.init()

  return {
    app: { listen: (port: number, host: string) => app.getHttpServer().listen(port, host) as Server },
    nest: app,
    users: shop.users,
    tokenKey: shop.tokenKey,
  }
}
