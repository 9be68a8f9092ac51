import 'reflect-metadata'
import { ApolloDriver } from '@nestjs/apollo'
import { Module, UseGuards } from '@nestjs/common'
import { NestFactory } from '@nestjs/core'
import { GraphQLModule, Query, Resolver } from '@nestjs/graphql'
import { Audited } from '@trailproof/nestjs'

class Never {
  canActivate() {
    return false
  }
}
class Invoices {
  open() {
    return 'open'
  }
  invoice() {
    return 'never'
  }
  named() {
    return 'named'
  }
}
/** What decorators do, without a compiler. */
const decorate = (name, ...decorators) => {
  for (const one of decorators) one(Invoices.prototype, name, Object.getOwnPropertyDescriptor(Invoices.prototype, name))
}
decorate('open', Query('open'))
decorate('invoice', Query('invoice'), UseGuards(Never))
decorate('named', Query('named'), Audited('invoice.read'))
Resolver()(Invoices)
class AppModule {}
Module({
  imports: [
    GraphQLModule.forRoot({
      driver: ApolloDriver,
      typeDefs: 'type Query { open: String invoice: String named: String }',
      includeStacktraceInErrorResponses: false,
    }),
  ],
  providers: [Invoices],
})(AppModule)

async function main() {
  const app = await NestFactory.create(AppModule, { logger: false })
  await app.listen(0, '127.0.0.1')
  const url = `http://127.0.0.1:${app.getHttpServer().address().port}/graphql`
  const answers = []
  for (const query of ['{ open }', '{ invoice }', '{ open again: open invoice }', '{ named }']) {
    const headers = { 'content-type': 'application/json' }
    const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify({ query }) })
    answers.push({ query, status: response.status, text: await response.text() })
  }
  console.log(JSON.stringify(answers))
  app.getHttpServer().closeAllConnections()
  await app.close()
}
main()
