// Pseudonyms: what stands in the log instead of names, ids, session ids and tokens. All keyed, 22 characters base64url
// (132 bits), so that nobody without the keys can tell or guess whom they mean.
import { createHmac, hkdfSync } from 'node:crypto'
import type { Identity } from '../event/event.js'
import type { KeyStore } from './key-store.js'

const CACHED_ACCOUNTS = 50_000

export class Pseudonyms {
  readonly #indexKey: Buffer
  readonly #actorKey: Buffer
  readonly #claimedRoot: Buffer
  readonly #purpose: Record<'session' | 'token' | 'device', Buffer>
  readonly #accounts = new Map<string, string>()
  readonly #days = new Map<string, Buffer>()

  constructor(
    derive: (purpose: string) => Buffer,
    private readonly store: KeyStore,
  ) {
    this.#indexKey = derive('account index')
    this.#actorKey = derive('actor ref')
    this.#claimedRoot = derive('claimed')
    this.#purpose = { session: derive('session ref'), token: derive('token ref'), device: derive('device ref') }
  }

  /** Reference of a session id, a token or a device id: the same value, the same reference, while the root key lives. */
  of(purpose: 'session' | 'token' | 'device', value: string): string {
    return mac(this.#purpose[purpose], value)
  }

  /** The reference of an account if it is known without waiting. */
  knownActor(identity: Identity): string | undefined {
    return this.#accounts.get(accountOf(identity))
  }

  /** The reference of an account; its salt is durable when this resolves. */
  async actor(identity: Identity): Promise<string> {
    const account = accountOf(identity)
    const known = this.#accounts.get(account)
    if (known) return known
    const salt = await this.store.accountSalt(mac(this.#indexKey, account))
    const ref = mac(this.#actorKey, Buffer.concat([salt, Buffer.from(account)]))
    if (this.#accounts.size >= CACHED_ACCOUNTS) this.#accounts.delete(this.#accounts.keys().next().value!)
    this.#accounts.set(account, ref)
    return ref
  }

  knownClaimed(name: string, day: string): string | undefined {
    const key = this.#days.get(day)
    return key && mac(key, normaliseName(name))
  }

  /** The pseudonym of a typed name on one UTC day; the day's key is durable when this resolves. */
  async claimed(name: string, day: string): Promise<string> {
    if (!this.#days.has(day)) {
      const key = Buffer.from(hkdfSync('sha256', this.#claimedRoot, await this.store.dayKey(day), 'claimed', 32))
      if (this.#days.size > 3) this.#days.clear()
      this.#days.set(day, key)
    }
    return this.knownClaimed(name, day)!
  }
}

/** One spelling of a typed name: NFC, no control or bidi characters, trimmed, lower case, at most 254 characters. */
export function normaliseName(name: string): string {
  const clean = name
    .slice(0, 1024)
    .normalize('NFC')
    .replace(/[\u0000-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, '')
  return clean.trim().toLowerCase().slice(0, 254)
}

/** Tenant and id tell accounts apart; the type does not, since a person may become an administrator. */
function accountOf(identity: Identity): string {
  return JSON.stringify([identity.tenant ?? null, identity.id])
}

function mac(key: Buffer, value: string | Buffer): string {
  return createHmac('sha256', key).update(value).digest('base64url').slice(0, 22)
}
