// What the controllers share: people, tokens, and the way in.
import { createSecretKey, type KeyObject, randomBytes } from 'node:crypto'
import type { Audit } from '@trailproof/core'
import { usePasswords } from '@trailproof/example-express-shop/lib/sign-in.js'
import { createTokens } from '@trailproof/example-express-shop/lib/tokens.js'
import { createUsers } from '@trailproof/example-express-shop/lib/users.js'
import type { RequestHandler } from 'express'
import type { PassportStatic } from 'passport'

export interface User {
  id: string
  email: string
  role: 'customer' | 'admin'
  disabled: boolean
}

export interface Tokens {
  issue(user: User): object
  access(token: string): { user: User }
  refresh(token: string): Promise<object>
  revoke(token: string): Promise<unknown>
}

export class Shop {
  readonly users: { byId(id: unknown): User | undefined; all(): User[]; disable(user: User): void }
  readonly tokenKey: KeyObject
  readonly tokens: Tokens
  /** Middlewares of passport: into a session, or for this request alone. */
  readonly signIn: { toSession: RequestHandler; once: RequestHandler }

  constructor(
    passport: PassportStatic,
    people: object[],
    readonly audit: Audit | undefined,
  ) {
    this.users = createUsers(people)
    this.tokenKey = createSecretKey(randomBytes(32))
    this.tokens = createTokens({ key: this.tokenKey, users: this.users, audit })
    this.signIn = usePasswords(passport, this.users)
  }
}
