// The people of the contract's shop, and what the shop remembers of them.
import { randomBytes } from 'node:crypto'

export interface ShopUser {
  id: string
  name: string
  password: string
  type: 'user' | 'admin' | 'service'
  /** Has a second factor. */
  code?: string
  disabled?: boolean
}

export const ACCOUNTS: readonly ShopUser[] = [
  { id: 'u-1', name: 'ann', password: 'anns-own-password', type: 'user' },
  { id: 'u-2', name: 'bob', password: 'bobs-own-password', type: 'user', code: '492817' },
  { id: 'u-3', name: 'dana', password: 'danas-own-password', type: 'admin' },
  { id: 'u-4', name: 'carl', password: 'carls-own-password', type: 'user', disabled: true },
  { id: 's-1', name: 'stock-service', password: 'never-typed-by-anyone', type: 'service' },
]

export class Accounts {
  readonly #users = ACCOUNTS.map((user) => ({ ...user }))
  /** Key of a service, made anew for each shop. */
  readonly apiKey = `key_${randomBytes(18).toString('base64url')}`
  /** Remember-me tokens, each good for one return. */
  readonly #remembered = new Map<string, string>()
  /** Sessions that a person is signed in with. */
  readonly #sessions = new Map<string, Set<string>>()

  byName(name: unknown): ShopUser | undefined {
    return this.#users.find((user) => user.name === name)
  }

  byId(id: unknown): ShopUser | undefined {
    return this.#users.find((user) => user.id === id)
  }

  remember({ id }: ShopUser): string {
    const token = randomBytes(24).toString('base64url')
    this.#remembered.set(token, id)
    return token
  }

  /** Whose token it is; it is used up. */
  recall(token: string): ShopUser | undefined {
    const user = this.byId(this.#remembered.get(token))
    this.#remembered.delete(token)
    return user
  }

  forget({ id }: ShopUser): void {
    for (const [token, owner] of this.#remembered) if (owner === id) this.#remembered.delete(token)
  }

  holdsSession({ id }: ShopUser, session: string | undefined): void {
    if (session) this.#sessions.set(id, (this.#sessions.get(id) ?? new Set()).add(session))
  }

  /** Sessions of a person but the one given. */
  otherSessions({ id }: ShopUser, session: string | undefined): string[] {
    return [...(this.#sessions.get(id) ?? [])].filter((one) => one !== session)
  }
}
