// On Nest, platform-express: passport and express-session; nestjs-pino, which is pino-http inside.
import 'reflect-metadata'
import { Controller, HttpCode, Module, Post, UseGuards } from '@nestjs/common'
import { NestFactory } from '@nestjs/core'
import session from 'express-session'
import { LoggerModule } from 'nestjs-pino'
import passport from 'passport'
import { TrailproofModule } from '../../../packages/nestjs/dist/esm/index.js'
import { auditPassport } from '../../../packages/passport/dist/esm/index.js'
import { auditSession } from '../../../packages/sessions/dist/esm/index.js'
import { SESSION, signsIn } from './people.mjs'

export async function shop({ audit, logger }) {
  const own = signsIn(new passport.Passport())
  if (audit) auditPassport(audit, own)
  class Local {
    canActivate(context) {
      const http = context.switchToHttp()
      return new Promise((resolve, reject) =>
        own.authenticate('local')(http.getRequest(), http.getResponse(), (error) =>
          error ? reject(error) : resolve(true),
        ),
      )
    }
  }
  class Login {
    login() {
      return {}
    }
  }
  const property = Object.getOwnPropertyDescriptor(Login.prototype, 'login')
  for (const decorate of [Post('login'), HttpCode(200), UseGuards(Local)]) decorate(Login.prototype, 'login', property)
  Controller()(Login)
  class App {}
  const imports = [
    ...(audit ? [TrailproofModule.forRoot({ audit })] : []),
    ...(logger ? [LoggerModule.forRoot({ pinoHttp: { logger } })] : []),
  ]
  Module({ imports, controllers: [Login] })(App)
  const app = await NestFactory.create(App, { logger: false })
  app.use((audit ? auditSession(audit, session) : session)(SESSION), own.session())
  await app.listen(0, '127.0.0.1')
  return app.getHttpServer()
}
