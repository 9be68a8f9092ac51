// The route of a record is its pattern, however routers, applications and errors lead to it.
import { describe, expect, it } from 'vitest'
import { type App, type Express, serve, type TestAudit, tell, versions } from './support.js'

type Req = { baseUrl: string; url: string; route?: unknown }
type Res = { status(code: number): Res; end(): void; json(body: object): void }
type Next = (error?: unknown) => void

describe.each(versions)('%s', (_name, express) => {
  const routeOf = async (build: (app: App, say: Say, express: Express) => void, path: string) => {
    const { t, url, server } = await serve(express, (app, t) => build(app, sayer(t), express))
    const { status } = await fetch(url + path)
    const lines = await t.lines()
    server.closeAllConnections()
    return { status, routes: lines.map((line) => line.http?.['route']) }
  }

  it.each<[title: string, path: string, route: string]>([
    ['a router below a parameter', '/shops/4711/orders/7', '/shops/:shop/orders/:id'],
    [
      'a router below a router',
      '/api/v2/shops/4711/areas/north/racks/9',
      '/api/v2/shops/:shop/areas/:area/racks/:rack',
    ],
    ['a value that looks like the name before it', '/shops/shops/orders/orders', '/shops/:shop/orders/:id'],
    ['a value that is encoded', '/shops/ann%40example.org/orders/a%2Fb', '/shops/:shop/orders/:id'],
    ['a router mounted at the top', '/top/1', '/top/:id'],
    ['the root of a router below a parameter', '/shops/4711', '/shops/:shop'],
    ['… and with a slash', '/shops/4711/?token=secret', '/shops/:shop'],
    ['a sub-application', '/sub/apps/12/things/3', '/sub/apps/:app/things/:thing'],
    ['a router inside a sub-application', '/sub/apps/12/deep/4/5', '/sub/apps/:app/deep/:a/:b'],
    ['the same router under two patterns', '/first/1/x', '/first/:one/x'],
    ['… and under the other', '/second/2/x', '/second/:two/x'],
    ['a middleware that answers before any route of its router', '/closed/4711/any/thing', '/closed/:id/*'],
    ['an error handler of the application, when the router has been left', '/shops/4711/broken', '/shops/:shop/broken'],
    ['an error handler of a router', '/careful/4711/broken', '/careful/:id/broken'],
    ['a route with an optional part', '/maybe', express === versions[0]![1] ? '/maybe/:id?' : '/maybe{/:id}'],
  ])('%s: %s', async (_title, path, route) => {
    const found = await routeOf(shop, path)
    expect(found.routes).toEqual([route])
    expect(JSON.stringify(found.routes)).not.toMatch(/4711|secret|ann|north/)
  })

  it('mount points given as a list', async () => {
    const found = await routeOf((app, say, { Router }) => {
      app.use(['/one/:a', '/two/:b'], Router().get('/x/:c', say as never))
    }, '/two/9/x/8')
    // Express 4 compiles a list to one expression and keeps no names of it that can be told apart.
    expect(found.routes[0]).toMatch(/^\/two\/:(a|b)\/x\/:c$/)
  })

  it('a URL that a middleware has rewritten is told by the route that served it', async () => {
    const found = await routeOf((app, say) => {
      app.use((req, _res, next) => {
        req.url = '/inside/7'
        next()
      })
      app.get('/inside/:id', say as never)
    }, '/outside')
    expect(found.routes).toEqual(['/inside/:id'])
  })

  it('a thousand routers are walked in reasonable time', async () => {
    const { t, url } = await serve(express, (app, t) => {
      for (let i = 0; i < 1000; i++) app.use(`/r${i}/:id`, express.Router().get('/x', sayer(t) as never))
    })
    const began = performance.now()
    for (let i = 0; i < 20; i++) await fetch(`${url}/r999/7/x`)
    expect(performance.now() - began).toBeLessThan(5000)
    expect((await t.lines())[0]!.http!['route']).toBe('/r999/:id/x')
  })
})

type Say = (req: Req, res: Res, next?: Next) => void

const sayer =
  (t: TestAudit): Say =>
  (_req, res) => {
    tell(t, 'token.rejected')
    res.end()
  }

function shop(app: App, say: Say, express: Express): void {
  const { Router } = express
  const route = say as never
  const orders = Router().get('/orders/:id', route).get('/', route)
  orders.get('/broken', (_req, _res, next) => next(Object.assign(new Error('no'), { status: 403 })))
  app.use('/shops/:shop', orders)
  app.use('/', Router().get('/top/:id', route))

  const areas = Router().get('/racks/:rack', route)
  const shops = Router().use('/shops/:shop', Router().use('/areas/:area', areas))
  app.use('/api', Router().use('/v2', shops))

  const sub = express()
  sub.get('/things/:thing', route)
  sub.use('/deep/:a', Router().get('/:b', route))
  app.use('/sub/apps/:app', sub)

  const twice = Router().get('/x', route)
  app.use('/first/:one', twice)
  app.use('/second/:two', twice)

  app.use('/closed/:id', Router().use(route))
  const careful = Router().get('/broken', () => {
    throw new Error('a bug')
  })
  careful.use(((_error: unknown, _req: Req, res: Res, _next: Next) => say(_req, res.status(500))) as never)
  app.use('/careful/:id', careful)
  app.get(
    (express as unknown as { application: { del?: unknown } }).application.del ? '/maybe/:id?' : '/maybe{/:id}',
    route,
  )
  app.use(((error: { status?: number }, _req: Req, res: Res, _next: Next) => {
    res.status(error.status ?? 500).end()
  }) as never)
}
