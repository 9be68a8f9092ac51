import 'reflect-metadata'
import {
  Controller,
  ForbiddenException,
  Get,
  Module,
  Post,
  Req,
  Res,
  UnauthorizedException,
  UseGuards,
} from '@nestjs/common'
import { NestFactory } from '@nestjs/core'
import session from 'express-session'
import jsonwebtoken from 'jsonwebtoken'
import passport from 'passport'
import { Strategy } from 'passport-local'

passport.use(new Strategy((_name, word, done) => done(null, word === 'right' ? { id: 'u-1' } : false)))
passport.serializeUser((user, done) => done(null, user.id))
passport.deserializeUser((id, done) => done(null, { id }))

class SignedIn {
  canActivate(context) {
    if (context.switchToHttp().getRequest().user) return true
    throw new UnauthorizedException()
  }
}
class Never {
  canActivate() {
    throw new ForbiddenException()
  }
}
class Shop {
  login(req, res) {
    passport.authenticate('local')(req, res, () => {
      res.json({ token: jsonwebtoken.sign({ sub: req.user.id }, 'of the test'.repeat(4)) })
    })
  }
  me(req) {
    return req.user
  }
  admin() {
    return 'never'
  }
  boom() {
    throw new Error('boom')
  }
  logout(req, res) {
    req.logout(() => req.session.destroy(() => res.json({ bye: true })))
  }
}
/** What decorators do, without a compiler. */
const decorate = (name, decorators, parameters = []) => {
  const property = Object.getOwnPropertyDescriptor(Shop.prototype, name)
  for (const [index, one] of parameters.entries()) one(Shop.prototype, name, index)
  for (const one of decorators) one(Shop.prototype, name, property)
}
decorate('login', [Post('login')], [Req(), Res()])
decorate('me', [Get('me'), UseGuards(SignedIn)], [Req()])
decorate('admin', [Get('admin'), UseGuards(SignedIn, Never)])
decorate('boom', [Get('boom')])
decorate('logout', [Post('logout')], [Req(), Res()])
Controller()(Shop)
class AppModule {}
Module({ controllers: [Shop] })(AppModule)

async function main() {
  const app = await NestFactory.create(AppModule, { logger: false })
  app.use(session({ secret: 'of the test', resave: false, saveUninitialized: false }))
  app.use(passport.initialize(), passport.session())
  await app.listen(0, '127.0.0.1')
  const { visit } = await import('./scenario.mjs')
  const { port } = app.getHttpServer().address()
  const imports = Reflect.getMetadata('imports', AppModule) ?? []
  const answers = await visit(`http://127.0.0.1:${port}`)
  answers.push({ path: 'the root module', imports: imports.length, root: app.select(AppModule) !== undefined })
  console.log(JSON.stringify(answers))
  app.getHttpServer().closeAllConnections()
  await app.close()
}
main()
