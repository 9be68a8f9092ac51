// What the visitor of test/auto/apps/scenario.mjs leaves behind, whatever the versions: by session library.
const SIGN_IN = ['login.failed', 'login.succeeded', 'session.created', 'token.issued']
const LATER = ['session.replayed', 'authz.denied', 'session.replayed']

export const EXPECTED = {
  express: [
    ...SIGN_IN,
    'session.renewed',
    'authz.denied',
    'session.renewed',
    'session.renewed',
    'logout.succeeded',
    'session.ended',
    ...LATER,
  ],
  // Without `rolling` koa-session renews nothing; the session that passport makes anew at logout ends as well.
  koa: [...SIGN_IN, 'authz.denied', 'logout.succeeded', 'session.ended', 'session.ended', ...LATER],
}
EXPECTED.nest = EXPECTED.express
EXPECTED.fastify = ['token.issued', 'token.verified', 'token.rejected', 'authz.denied']
// HTTP says 200: the handler is named. `invoice` is asked for twice.
EXPECTED.graphql = ['authz.denied of Invoices.invoice', 'authz.denied of Invoices.invoice', 'invoice.read']
EXPECTED.microservice = ['authz.denied', 'invoice.read', 'invoice.exported']

/** What is in place while it is visited: a denial of Nest's is seen by Express too, so the records alone do not tell. */
export const HOOKS = {
  express: ['express', 'express-session', 'jwt', 'passport'],
  koa: ['jwt', 'koa', 'koa-session', 'passport'],
  nest: ['express', 'express-session', 'jwt', 'nestjs', 'passport'],
  fastify: ['jwt', 'nestjs'],
  graphql: ['express', 'nestjs', 'nestjs.audited'],
  microservice: ['nestjs', 'nestjs.audited'],
}
