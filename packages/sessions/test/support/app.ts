// A small application with every way to use a session, over real HTTP, and a browser that keeps its cookies.

import { createServer, request, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import express5 from 'express'
import type session from 'express-session'
// @ts-expect-error express 4 comes without types of its own
import express4 from 'express4'

export const EXPRESS = { 4: express4 as unknown as typeof express5, 5: express5 }
export type ExpressVersion = keyof typeof EXPRESS
export const SECRET = 'keyboard cat'

export interface Running {
  app: ReturnType<typeof express5>
  url: string
  close(): Promise<void>
}

/** Session ids count up, so that runs can be compared. */
export function counting(from = 0): () => string {
  let n = from
  return () => `sid-${++n}-0123456789`
}

export async function serve(
  version: ExpressVersion,
  build: (app: ReturnType<typeof express5>) => void,
): Promise<Running> {
  const app = EXPRESS[version]()
  app.set('env', 'test') // finalhandler prints no errors then
  build(app)
  const server: Server = createServer(app)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    app,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      server.closeAllConnections()
      return closed
    },
  }
}

/** Routes that use a session in every way express-session offers. */
export function sessionRoutes(app: ReturnType<typeof express5>): void {
  const user = (req: { session: session.Session }) => (req.session as unknown as { user?: string }).user ?? null
  app.get('/look', (req, res) => void res.json({ user: user(req) }))
  app.get('/count', (req, res) => {
    const data = req.session as unknown as { n?: number }
    data.n = (data.n ?? 0) + 1
    res.json({ n: data.n })
  })
  app.get('/login', (req, res, next) => {
    req.session.regenerate((error) => {
      if (error) return next(error)
      Object.assign(req.session, { user: 'ann' })
      req.session.save((failed) => (failed ? next(failed) : res.json({ id: req.sessionID })))
    })
  })
  app.get('/login-keeping-id', (req, res) => {
    Object.assign(req.session, { user: 'ann' })
    res.json({ id: req.sessionID })
  })
  app.get('/regenerate-only', (req, res, next) =>
    req.session.regenerate((error) => (error ? next(error) : res.json({}))),
  )
  app.get('/regenerate-twice', (req, res) => req.session.regenerate(() => req.session.regenerate(() => res.json({}))))
  app.get('/regenerate-then-destroy', (req, res) =>
    req.session.regenerate(() => req.session.destroy(() => res.json({}))),
  )
  app.get('/regenerate-then-null', (req, res) =>
    req.session.regenerate(() => {
      Object.assign(req, { session: null })
      res.json({})
    }),
  )
  app.get('/reload', (req, res, next) =>
    req.session.reload((error) => (error ? next(error) : res.json({ user: user(req) }))),
  )
  app.get('/save-twice', (req, res) => {
    Object.assign(req.session, { a: 1 })
    req.session.save(() => {
      Object.assign(req.session, { b: 2 })
      req.session.save(() => res.json({}))
    })
  })
  app.get('/save-and-run', (req, res) => {
    Object.assign(req.session, { a: 1 })
    req.session.save()
    res.json({})
  })
  app.get('/destroy', (req, res, next) => req.session.destroy((error) => (error ? next(error) : res.json({}))))
  app.get('/destroy-and-run', (req, res) => {
    const { session: own } = req
    own.destroy(() => {})
    res.json({})
  })
  app.get('/null', (req, res) => {
    Object.assign(req, { session: null })
    res.json({})
  })
  app.get('/kill/:id', (req, res, next) =>
    req.sessionStore.destroy(String(req.params['id']), (error) => (error ? next(error) : res.json({}))),
  )
  app.get('/stream', (req, res) => {
    Object.assign(req.session, { streamed: true })
    res.write('one ')
    setImmediate(() => res.end('two'))
  })
}

export interface Answer {
  status: number
  headers: [string, string][]
  body: string
  setCookie: string[]
}

export class Browser {
  readonly cookies = new Map<string, string>()

  constructor(private readonly url: string) {}

  async get(path: string, headers: Record<string, string> = {}): Promise<Answer> {
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const answer = await ask(this.url + path, { ...(cookie ? { cookie } : {}), ...headers })
    for (const line of answer.setCookie) {
      const [name, value] = line.split(';')[0]!.split('=') as [string, string]
      this.cookies.set(name, value)
    }
    return answer
  }

  /** The session cookie, as the server set it. */
  get sid(): string | undefined {
    return this.cookies.get('connect.sid')
  }
  set sid(value: string) {
    this.cookies.set('connect.sid', value)
  }
}

/** One request on a connection of its own; a connection that the server cuts is an answer too. */
function ask(url: string, headers: Record<string, string>): Promise<Answer> {
  return new Promise((resolve) => {
    const cut = (status: number) => resolve({ status, headers: [], body: 'connection cut', setCookie: [] })
    const asked = request(url, { headers, agent: false }, (response) => {
      let body = ''
      response.setEncoding('utf8').on('data', (chunk) => (body += chunk))
      response.on('error', () => cut(response.statusCode!))
      response.on('end', () => {
        const shown = Object.entries(response.headers).filter(([name]) => name !== 'date')
        const setCookie = response.headers['set-cookie'] ?? []
        resolve({
          status: response.statusCode!,
          headers: shown.map(([name, value]) => [name, String(value)]),
          body,
          setCookie,
        })
      })
    })
    asked.on('error', () => cut(0)).end()
  })
}
