import 'reflect-metadata'
import { Controller, ForbiddenException, Get, Module, Post, UnauthorizedException, UseGuards } from '@nestjs/common'
import { NestFactory } from '@nestjs/core'
import { FastifyAdapter } from '@nestjs/platform-fastify'
import jsonwebtoken from 'jsonwebtoken'

const key = 'of the test'.repeat(4)

class SignedIn {
  canActivate(context) {
    const [, token] = (context.switchToHttp().getRequest().headers.authorization ?? '').split(' ')
    try {
      return jsonwebtoken.verify(token, key) !== undefined
    } catch {
      throw new UnauthorizedException()
    }
  }
}
class Never {
  canActivate() {
    throw new ForbiddenException()
  }
}
class Shop {
  login() {
    return { token: jsonwebtoken.sign({ sub: 'u-1' }, key, { noTimestamp: true }) }
  }
  me() {
    return { me: true }
  }
  admin() {
    return 'never'
  }
  boom() {
    throw new Error('boom')
  }
}
/** What decorators do, without a compiler. */
const decorate = (name, ...decorators) => {
  for (const one of decorators) one(Shop.prototype, name, Object.getOwnPropertyDescriptor(Shop.prototype, name))
}
decorate('login', Post('login'))
decorate('me', Get('me'), UseGuards(SignedIn))
decorate('admin', Get('admin'), UseGuards(Never))
decorate('boom', Get('boom'))
Controller()(Shop)
class AppModule {}
Module({ controllers: [Shop] })(AppModule)

async function main() {
  const app = await NestFactory.create(AppModule, new FastifyAdapter(), { logger: false })
  await app.listen(0, '127.0.0.1')
  const base = `http://127.0.0.1:${app.getHttpServer().address().port}`
  const answers = []
  const ask = async (path, options) => {
    const response = await fetch(`${base}${path}`, options)
    const headers = Object.fromEntries(
      [...response.headers].filter(([name]) => !/^(date|connection|keep-alive)$/.test(name)),
    )
    answers.push({ path, status: response.status, headers, text: await response.text() })
    return answers.at(-1).text
  }
  const { token } = JSON.parse(await ask('/login', { method: 'POST' }))
  await ask('/me', { headers: { authorization: `Bearer ${token}` } })
  await ask('/me')
  await ask('/admin')
  await ask('/boom')
  await ask('/nowhere')
  console.log(JSON.stringify(answers))
  app.getHttpServer().closeAllConnections()
  await app.close()
}
main()
