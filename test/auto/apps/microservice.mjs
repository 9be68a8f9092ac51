import 'reflect-metadata'
import { createServer } from 'node:net'
import { Controller, Module, UseGuards } from '@nestjs/common'
import { NestFactory } from '@nestjs/core'
import { ClientProxyFactory, MessagePattern, Transport } from '@nestjs/microservices'
import { Audited } from '@trailproof/nestjs'
import { firstValueFrom } from 'rxjs'

class Never {
  canActivate() {
    return false
  }
}
class Shop {
  open() {
    return 'open'
  }
  guarded() {
    return 'never'
  }
  named() {
    return 'named'
  }
  boom() {
    throw new Error('boom')
  }
}
/** What decorators do, without a compiler. */
const decorate = (name, ...decorators) => {
  for (const one of decorators) one(Shop.prototype, name, Object.getOwnPropertyDescriptor(Shop.prototype, name))
}
decorate('open', MessagePattern('open'))
decorate('guarded', MessagePattern('guarded'), UseGuards(Never))
decorate('named', MessagePattern('named'), Audited('invoice.read'))
decorate('boom', MessagePattern('boom'), Audited('invoice.exported'))
Controller()(Shop)
class AppModule {}
Module({ controllers: [Shop] })(AppModule)

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1')
  await new Promise((done) => server.once('listening', done))
  const { port } = server.address()
  await new Promise((done) => server.close(done))
  return port
}

async function main() {
  const options = { host: '127.0.0.1', port: await freePort() }
  const app = await NestFactory.createMicroservice(AppModule, { transport: Transport.TCP, options, logger: false })
  await app.listen()
  const client = ClientProxyFactory.create({ transport: Transport.TCP, options })
  const answers = []
  for (const pattern of ['open', 'guarded', 'named', 'boom'])
    answers.push(await firstValueFrom(client.send(pattern, {})).catch((error) => ({ pattern, error })))
  console.log(JSON.stringify(answers))
  await client.close()
  await app.close()
}
main()
