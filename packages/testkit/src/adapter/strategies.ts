// How people and services prove who they are in the contract's shop: with the libraries everybody uses where there is one.
import type { ShopUser } from './accounts.js'
import type { ContractShop, PassportUnderTest, ShopLibraries } from './shop.js'

type Done = (error: unknown, user?: ShopUser | false, info?: { code: string }) => void

/** The five verbs that passport gives to a strategy for one request; those used here. */
interface Verbs {
  success(user: ShopUser): void
  fail(challenge: { code: string }): void
  pass(): void
}

interface Sent {
  headers: Record<string, string | undefined>
}

export function registerStrategies(
  passport: PassportUnderTest,
  shop: ContractShop,
  { LocalStrategy, JwtStrategy, ExtractJwt, OAuth2Strategy }: ShopLibraries,
  providerUrl: string,
): void {
  const { accounts } = shop
  const check = (name: unknown, password: unknown, done: Done) => {
    if (name === 'breaks') return done(new Error('the account store is down'))
    const user = accounts.byName(name)
    if (!user) return done(null, false, { code: 'unknown_user' })
    if (user.password !== password) return done(null, false, { code: 'bad_credentials' })
    if (user.disabled) return done(null, false, { code: 'account_disabled' })
    return done(null, user)
  }
  const fields = { usernameField: 'name' }

  passport.use('local', new LocalStrategy(fields, check))
  passport.use(
    'slow',
    new LocalStrategy(fields, async (name: unknown, password: unknown, done: Done) => {
      await shop.slow.pass()
      check(name, password, done)
    }),
  )
  passport.use(
    'jwt',
    new JwtStrategy(
      { jwtFromRequest: ExtractJwt.fromAuthHeaderAsBearerToken(), ...shop.tokens.accessOptions() },
      (claims: { sub: string; jti: string }, done: Done) => {
        const user = shop.tokens.isRevoked(claims.jti) ? undefined : accounts.byId(claims.sub)
        done(null, user && !user.disabled ? user : false, { code: 'token_withdrawn' })
      },
    ),
  )
  passport.use('apikey', {
    name: 'apikey',
    authenticate(this: Verbs, { headers }: Sent) {
      if (headers['x-api-key'] === undefined) return this.fail({ code: 'missing_credentials' })
      return headers['x-api-key'] === accounts.apiKey
        ? this.success(accounts.byId('s-1')!)
        : this.fail({ code: 'bad_key' })
    },
  })
  passport.use('remember-me', {
    name: 'remember-me',
    authenticate(this: Verbs, { headers }: Sent) {
      const token = /(?:^|;\s*)remember=([\w-]+)/.exec(headers['cookie'] ?? '')?.[1]
      if (!token) return this.pass()
      const user = accounts.recall(token)
      return user ? this.success(user) : this.fail({ code: 'remember_unknown' })
    },
  })
  const oauth = new OAuth2Strategy(
    {
      authorizationURL: `${providerUrl}/authorize`,
      tokenURL: `${providerUrl}/token`,
      clientID: 'shop',
      clientSecret: 'secret-between-shop-and-provider',
      callbackURL: `${shop.url}/oauth/callback`,
      state: true,
    },
    (_access: string, _refresh: string, params: { account?: string }, _profile: unknown, done: Done) =>
      done(null, accounts.byName(params.account) ?? false, { code: 'unknown_user' }),
  )
  passport.use('oauth2', oauth)

  passport.serializeUser((user: ShopUser, done: (error: unknown, id: string) => void) => done(null, user.id))
  passport.deserializeUser((id: string, done: Done) => {
    const user = accounts.byId(id)
    done(null, user && !user.disabled ? user : false)
  })
}

/** Keeps the strategy `slow` waiting until the scenario opens it. */
export class SlowDoor {
  #waiting: (() => void)[] = []
  #arrived: (() => void)[] = []

  pass(): Promise<void> {
    return new Promise((go) => {
      this.#waiting.push(go)
      for (const told of this.#arrived.splice(0)) told()
    })
  }

  /** Resolves when so many requests wait. */
  async holds(count: number): Promise<void> {
    while (this.#waiting.length < count) await new Promise<void>((told) => this.#arrived.push(told))
  }

  /** Lets the one go that has waited longest. */
  open(): void {
    this.#waiting.shift()?.()
  }
}
