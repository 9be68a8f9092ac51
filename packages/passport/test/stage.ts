// A real application on a real port, played twice: once as it is, once with the hook. Whatever a client, a strategy, a
// callback or a route can tell goes into one trace; the two traces must be equal.
import type { IncomingMessage, ServerResponse } from 'node:http'
import { currentContext, type Observation, openContext, runInContext } from '@trailproof/core/adapter'
import express5, { type Express, type NextFunction, type Request, type RequestHandler, type Response } from 'express'
import session, { MemoryStore } from 'express-session'
// @ts-expect-error an alias of express 4, without types of its own
import express4 from 'express4'
import passport07, { type PassportStatic } from 'passport'
import { Strategy as LocalStrategy } from 'passport-local'
// @ts-expect-error an alias of passport 0.6, without types of its own
import passport06 from 'passport06'
import request from 'supertest'
import { type Fake, fakeAudit, type Says } from '../../../test/fake-audit.js'
import { auditPassport, type PassportHookOptions } from '../src/index.js'

export interface User {
  id: number
  name: string
  password: string
}

export const ALICE: User = { id: 1, name: 'alice', password: 'wonderland' }
export const BOB: User = { id: 2, name: 'bob', password: 'builder' }
const USERS = [ALICE, BOB]
const UNKNOWN = { message: 'Sorry', code: 'UNKNOWN_USER' }
const WRONG = { message: 'Sorry', code: 'BAD_CREDENTIALS' }

export interface Stage {
  app: Express
  passport: PassportStatic
  store: MemoryStore
  /** Notes what the application sees, in order. */
  note(...what: unknown[]): void
  /** Attaches the hook here, instead of before everything else. */
  attachNow(): void
  /** Accounts that can be restored from a session; the scenario may remove some. */
  accounts: Map<number, User>
}

export type Step = (agent: ReturnType<typeof request.agent>) => request.Test

export interface Scenario {
  stage(stage: Stage): void
  steps: Step[]
  /** All observations, in order; the request's own context, sessions and attempts are checked and left out. */
  records: Record<string, unknown>[]
  options?: PassportHookOptions
  /** The scenario calls attachNow itself. */
  attachesLate?: boolean
}

type Passports = { Passport: new () => PassportStatic }

export const PASSPORT = { 'passport 0.7': passport07 as unknown as Passports, 'passport 0.6': passport06 as Passports }

export const EXPRESS = { 'express 5': express5, 'express 4': express4 as unknown as typeof express5 }

export interface Play {
  answers: unknown[]
  trace: unknown[]
  seen: Observation[]
}

/** Plays all steps of a scenario against a fresh application. */
export async function play(
  express: typeof express5,
  scenario: Scenario,
  hook: 'on' | 'off',
  says?: Says,
  passports: Passports = PASSPORT['passport 0.7'],
): Promise<Play> {
  const fake = fakeAudit(says)
  const stage = newStage(express, passports)
  let attached = false
  const attach = () => {
    attached = true
    if (hook === 'on') auditPassport(fake.audit, stage.passport, scenario.options)
  }
  stage.attachNow = attach
  const { app, passport, store } = stage
  app.use(withContext(fake))
  if (!scenario.attachesLate) attach()
  app.use(express.json(), express.urlencoded({ extended: true }))
  app.use(session({ secret: 'stage', resave: false, saveUninitialized: false, store }))
  app.use(passport.session())
  scenario.stage(stage)
  if (!attached) throw new Error('the scenario never attached')
  app.use((req: Request, res: Response) => {
    res.status(200).json({ path: req.path, user: req.user ?? null, account: Reflect.get(req, 'account') ?? null })
  })
  app.use((error: unknown, _req: Request, res: Response, _next: NextFunction) => {
    const { name, message, status, code } = error as Record<string, unknown>
    res.status(typeof status === 'number' ? status : 500).json({ name, message, code })
  })

  const agent = request.agent(app)
  const answers = []
  for (const step of scenario.steps) {
    const { status, headers, text } = await step(agent).redirects(0)
    const { date: _date, etag: _etag, 'set-cookie': cookies, ...rest } = headers as Record<string, unknown>
    answers.push({
      status,
      headers: { ...rest, cookies: (cookies as string[] | undefined)?.map((c) => c.split('=')[0]) },
      text,
    })
  }
  return { answers, trace: traces.get(stage)!, seen: fake.seen }
}

const traces = new WeakMap<Stage, unknown[]>()

function newStage(express: typeof express5, { Passport }: Passports): Stage {
  const trace: unknown[] = []
  const passport = new Passport()
  const stage: Stage = {
    app: express(),
    passport,
    store: new MemoryStore(),
    note: (...what) => void trace.push(what),
    attachNow: () => {},
    accounts: new Map(USERS.map((user) => [user.id, user])),
  }
  traces.set(stage, trace)
  passport.serializeUser((user, done) => done(null, (user as User).id))
  passport.deserializeUser((id: number, done) => done(null, stage.accounts.get(id) ?? false))
  passport.use(local())
  return stage
}

type Done = (error: unknown, user?: User | false, info?: { message: string }) => void

/** As people write it: codes tell the log what the answer must not. */
export function local(options: object = {}): LocalStrategy {
  return new LocalStrategy(options, (name: string, password: string, done: Done) => {
    const user = USERS.find((one) => one.name === name)
    if (!user) return done(null, false, UNKNOWN)
    if (user.password !== password) return done(null, false, WRONG)
    return done(null, user)
  })
}

/** What @trailproof/express does, as far as hooks depend on it. */
export function withContext(fake: Fake): RequestHandler {
  return (req, res, next) => {
    const facts = { address: {} as never, route: () => undefined }
    runInContext(openContext(fake.core, req as IncomingMessage as never, res as ServerResponse, facts), next)
  }
}

/** Observations without what differs from run to run; throws where an observation is not tied to a request. */
export function plain(seen: Observation[]): Record<string, unknown>[] {
  const attempts = new Map<string, string>()
  return seen.map(({ hook, context, session: sid, auth, ...rest }) => {
    if (hook !== 'passport' || context === undefined) throw new Error(`not tied to a request: ${rest.event}`)
    const record: Record<string, unknown> = context ? {} : { outsideOfRequests: true }
    for (const [key, value] of Object.entries(rest)) if (value !== undefined) record[key] = value
    if (auth) {
      const { attempt = '', ...how } = auth
      if (!/^[\w-]{8}\.[a-z0-9]+$/.test(attempt)) throw new Error(`no attempt: ${rest.event}`)
      if (!attempts.has(attempt)) attempts.set(attempt, `attempt ${attempts.size + 1}`)
      record['auth'] = { ...how, attempt: attempts.get(attempt) }
      for (const key of Object.keys(how))
        if (how[key as 'method'] === undefined) delete (record['auth'] as Record<string, unknown>)[key]
    }
    if (sid !== undefined) record['session'] = typeof sid === 'string' && sid.length === 32 ? 'sid' : sid
    return record
  })
}

export const signIn =
  (name: string, password: string, path = '/login'): Step =>
  (agent) =>
    agent.post(path).send({ username: name, password })

export { currentContext }
