// Access and refresh tokens of the contract's shop: JWTs, each refresh token used once, families ended when one comes back.
import { randomBytes, randomUUID } from 'node:crypto'
import type { Audit } from '@trailproof/core'
import type { Accounts, ShopUser } from './accounts.js'
import { shopError } from './shop.js'

const ISSUER = 'shop'
const ACCESS = 'shop-api'
const REFRESH = 'shop-refresh'

interface Claims {
  sub: string
  jti: string
  aud: string
  family?: string
}

export interface Pair {
  access_token: string
  refresh_token: string
}

export class Tokens {
  /** What signs; the scenarios forge with it, too. */
  readonly key = randomBytes(32).toString('base64url')
  readonly #live = new Map<string, string>()
  readonly #revoked = new Set<string>()

  constructor(
    // biome-ignore lint/suspicious/noExplicitAny: the caller's jsonwebtoken
    private readonly jsonwebtoken: any,
    private readonly accounts: Accounts,
    private readonly audit: Audit | undefined,
  ) {}

  accessOptions(): object {
    return { secretOrKey: this.key, algorithms: ['HS256'], issuer: ISSUER, audience: ACCESS }
  }

  isRevoked(jti: string): boolean {
    return this.#revoked.has(jti)
  }

  issue(user: ShopUser, family: string = randomUUID()): Pair {
    const refresh = this.sign(user, REFRESH, '14d', { family })
    this.#live.set(refresh.jti, family)
    return { access_token: this.sign(user, ACCESS, '5m').token, refresh_token: refresh.token }
  }

  /** @param expiresIn as jsonwebtoken takes it; negative: in the past */
  sign({ id }: Pick<ShopUser, 'id'>, audience: string, expiresIn: string | number, claims: object = {}) {
    const jti = randomUUID()
    const options = { algorithm: 'HS256', issuer: ISSUER, audience, subject: id, expiresIn, jwtid: jti }
    return { token: this.jsonwebtoken.sign(claims, this.key, options) as string, jti }
  }

  /** A used refresh token that comes back was copied: its whole family ends (RFC 9700 4.14.2). */
  async refresh(token: unknown): Promise<Pair> {
    const claims = this.#read(token, REFRESH)
    const user = this.accounts.byId(claims?.sub)
    if (!claims || !user || user.disabled) throw shopError(401)
    if (!this.#live.delete(claims.jti)) {
      await this.#endFamily(claims.family)
      throw shopError(401)
    }
    await this.audit?.tokenRevoked(token as string, { actor: user })
    await this.audit?.record({ event: 'token.refreshed', actor: user, token: token as string })
    return this.issue(user, claims.family)
  }

  async revoke(token: unknown): Promise<void> {
    const claims = this.#read(token, [ACCESS, REFRESH])
    if (!claims) return
    if (claims.aud === REFRESH) return this.#endFamily(claims.family)
    this.#revoked.add(claims.jti)
    await this.audit?.tokenRevoked(token as string)
  }

  #read(token: unknown, audience: string | string[]): Claims | undefined {
    try {
      return this.jsonwebtoken.verify(token, this.key, { algorithms: ['HS256'], issuer: ISSUER, audience })
    } catch {
      return undefined
    }
  }

  async #endFamily(family: string | undefined): Promise<void> {
    const ended = [...this.#live].filter(([, of]) => of === family).map(([jti]) => jti)
    for (const jti of ended) this.#live.delete(jti)
    for (const jti of ended) await this.audit?.tokenRevoked(jti)
  }
}
