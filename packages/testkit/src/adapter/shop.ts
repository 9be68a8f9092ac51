// The shop that every adapter is tried with: accounts, strategies and routes, without a line that knows a framework.
// An application under test walks `routes` and says in its own framework's words how a request signs in, out and answers.
import type { Audit } from '@trailproof/core'
import { ACCOUNTS, Accounts, type ShopUser } from './accounts.js'
import { accessRoutes } from './routes-access.js'
import { sessionRoutes } from './routes-session.js'
import { signInRoutes } from './routes-sign-in.js'
import { tokenRoutes } from './routes-token.js'
import { registerStrategies, SlowDoor } from './strategies.js'
import { Tokens } from './tokens.js'

/** What of the sign-in libraries is needed; an application passes in what it has installed. */
// biome-ignore-start lint/suspicious/noExplicitAny: classes of libraries that this package does not depend on
export interface ShopLibraries {
  jsonwebtoken: any
  /** passport-local */
  LocalStrategy: new (
    ...args: any[]
  ) => any
  /** passport-jwt */
  JwtStrategy: new (
    ...args: any[]
  ) => any
  ExtractJwt: any
  /** passport-oauth2 */
  OAuth2Strategy: new (
    ...args: any[]
  ) => any
}

/** passport, or what koa-passport exports. */
export interface PassportUnderTest {
  use(name: string, strategy: any): unknown
  serializeUser(serialize: any): unknown
  deserializeUser(deserialize: any): unknown
}
// biome-ignore-end lint/suspicious/noExplicitAny: see above

/** One request, in words that every framework has. The application under test makes one for each. */
export interface ShopCall {
  body: Record<string, unknown>
  query: Record<string, unknown>
  params: Record<string, string>
  /** A request header, by its lower-case name. */
  header(name: string): string | undefined
  /** Who is signed in (`req.user`, `ctx.state.user`). */
  user: ShopUser | undefined
  /** What the session holds; `undefined` where there is none. Written to, it is kept. */
  session: Record<string, unknown> | undefined
  /** The id under which the store keeps the session, as far as there is one by now. */
  sessionId(): string | undefined
  /** `req.logIn(user)`, as a promise. */
  logIn(user: ShopUser): Promise<void>
  /** `req.logout()`, as a promise. */
  logOut(): Promise<void>
  /** Gives the session another id and keeps nobody in it: `req.session.regenerate()`. */
  regenerate(): Promise<void>
  /** `req.session.destroy()`, `ctx.session = null`. */
  destroySession(): Promise<void>
  /** The session that is written by this request ends after so many milliseconds. */
  sessionEndsIn(ms: number): void
  /** Ends another person's session by its id, in the store. */
  endSession(id: string): Promise<void>
}

export interface ShopAnswer {
  status: number
  /** Sent as JSON, unless it is a list: then its parts are sent one after the other, as a stream of text. */
  body?: Record<string, unknown> | readonly string[]
  headers?: Record<string, string>
}

/**
 * One route. What stands in it is done in this order, by the framework's own means:
 * `audited`, `role`, `authenticate`, `handle`.
 */
export interface ShopRoute {
  method: 'GET' | 'POST'
  /** `/admin/users/:id/disable` */
  path: string
  /** The adapter's own `audited()`; the target is what the parameter `id` names. */
  audited?: { event: string; target: string }
  /** A guard of the framework lets only signed-in people pass (else 401), or only administrators (else 403); `nobody`: 403. */
  role?: 'user' | 'admin' | 'nobody'
  /** passport's middleware goes first: `passport.authenticate(strategy, options)`. */
  authenticate?: { strategy: string | string[]; options: Record<string, unknown> }
  /** With `authenticate`: passport is given a callback, and what it said is handed to `handle` as `found`. */
  callback?: true
  /** An error that it throws is the framework's to answer, with its `status`, else 500. */
  handle(call: ShopCall, found?: ShopUser | false): Promise<ShopAnswer>
}

export interface ShopOptions {
  libraries: ShopLibraries
  /** Undefined: the shop is to run without any audit. */
  audit: Audit | undefined
  /** Where the OAuth provider listens. */
  providerUrl: string
}

export class ContractShop {
  readonly accounts = new Accounts()
  readonly slow = new SlowDoor()
  readonly tokens: Tokens
  readonly routes: readonly ShopRoute[]
  readonly audit: Audit | undefined
  readonly #options: ShopOptions
  /** Where the application under test listens, once it does: the provider sends people back there. */
  url = ''

  constructor(options: ShopOptions) {
    this.#options = options
    this.audit = options.audit
    this.tokens = new Tokens(options.libraries.jsonwebtoken, this.accounts, options.audit)
    this.routes = [...signInRoutes(this), ...sessionRoutes(this), ...accessRoutes(this), ...tokenRoutes(this)]
  }

  /** Registers all strategies, and how people are kept in a session. */
  usePassport(passport: PassportUnderTest): void {
    registerStrategies(passport, this, this.#options.libraries, this.#options.providerUrl)
  }

  /** A route by what it is called: for frameworks where each is written down by hand. */
  route(name: `${ShopRoute['method']} ${string}`): ShopRoute {
    const found = this.routes.find(({ method, path }) => `${method} ${path}` === name)
    if (!found) throw new Error(`the contract's shop has no route ${name}`)
    return found
  }
}

/** Gives `createAudit({ identify })` what it needs to know the shop's people. */
export function identifyShopUser(user: { id?: string; name?: string; type?: 'user' | 'admin' | 'service' }) {
  const account = ACCOUNTS.find(({ id }) => id === user?.id)
  return account ? { id: account.id, names: [account.name], type: account.type } : null
}

/** What a route throws to answer with a status alone. */
export function shopError(status: number): Error & { status: number } {
  return Object.assign(new Error(`status ${status}`), { status })
}
