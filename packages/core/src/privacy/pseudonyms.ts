// Pseudonyms: what stands in the log instead of names, ids, session ids and tokens. All keyed, 22 characters base64url
// (132 bits), so that nobody without the keys can tell or guess whom they mean.
import { createHmac, hkdfSync } from 'node:crypto'
import type { Identity } from '../event/event.js'
import { Hmac } from './hmac.js'
import type { KeyStore } from './key-store.js'

const CACHED_ACCOUNTS = 50_000
/** Of references that follow from a key alone, so many are remembered: the ones in use now, not those of a day. */
const CACHED_REFS = 4096

export class Pseudonyms {
  readonly #indexKey: Buffer
  readonly #actorKey: Buffer
  readonly #claimedRoot: Buffer
  readonly #purpose: Record<'session' | 'token' | 'device', Hmac>
  /** References of accounts: by id where there is no tenant, else by tenant and id. */
  readonly #accounts = new Map<string, string>()
  readonly #tenants = new Map<string, string>()
  readonly #days = new Map<string, Hmac>()
  readonly #refs = {
    session: new RecentMap(CACHED_REFS),
    token: new RecentMap(CACHED_REFS),
    jti: new RecentMap(CACHED_REFS),
    device: new RecentMap(CACHED_REFS),
    claimed: new RecentMap(CACHED_REFS),
  }
  #claimedDay = ''

  constructor(
    derive: (purpose: string) => Buffer,
    private readonly store: KeyStore,
  ) {
    this.#indexKey = derive('account index')
    this.#actorKey = derive('actor ref')
    this.#claimedRoot = derive('claimed')
    const hmac = (purpose: string) => new Hmac(derive(purpose))
    this.#purpose = { session: hmac('session ref'), token: hmac('token ref'), device: hmac('device ref') }
  }

  /** Reference of a session id, a token or a device id: the same value, the same reference, while the root key lives. */
  of(purpose: 'session' | 'token' | 'device', value: string): string {
    return this.#refs[purpose].get(value) ?? this.#refs[purpose].keep(value, refOf(this.#purpose[purpose], value))
  }

  /** Reference of the id that a token has inside: `of('token', 'jti …')`. */
  ofJti(jti: string): string {
    return this.#refs.jti.get(jti) ?? this.#refs.jti.keep(jti, refOf(this.#purpose.token, `jti ${jti}`))
  }

  /** The reference of an account if it is known without waiting. */
  knownActor(identity: Identity): string | undefined {
    const { tenant, id } = identity
    return tenant === undefined ? this.#accounts.get(id) : this.#tenants.get(cacheKeyOf(tenant, id))
  }

  /** The reference of an account; its salt is durable when this resolves. */
  async actor(identity: Identity): Promise<string> {
    const known = this.knownActor(identity)
    if (known) return known
    const account = accountOf(identity)
    const salt = await this.store.accountSalt(mac(this.#indexKey, account))
    const ref = mac(this.#actorKey, Buffer.concat([salt, Buffer.from(account)]))
    const { tenant, id } = identity
    if (this.#accounts.size + this.#tenants.size >= CACHED_ACCOUNTS) {
      const fuller = this.#accounts.size > this.#tenants.size ? this.#accounts : this.#tenants
      fuller.delete(fuller.keys().next().value!)
    }
    if (tenant === undefined) this.#accounts.set(id, ref)
    else this.#tenants.set(cacheKeyOf(tenant, id), ref)
    return ref
  }

  knownClaimed(name: string, day: string): string | undefined {
    const key = this.#days.get(day)
    if (!key) return undefined
    if (day !== this.#claimedDay) this.#refs.claimed.clear()
    this.#claimedDay = day
    return this.#refs.claimed.get(name) ?? this.#refs.claimed.keep(name, refOf(key, normaliseName(name)))
  }

  /** The pseudonym of a typed name on one UTC day; the day's key is durable when this resolves. */
  async claimed(name: string, day: string): Promise<string> {
    if (!this.#days.has(day)) {
      const key = Buffer.from(hkdfSync('sha256', this.#claimedRoot, await this.store.dayKey(day), 'claimed', 32))
      if (this.#days.size > 3) this.#days.clear()
      this.#days.set(day, new Hmac(key))
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

/** The same accounts apart, made faster: the tenant's length tells where the id begins. */
function cacheKeyOf(tenant: string, id: string): string {
  return `${tenant.length}:${tenant}${id}`
}

/** Remembers between `size` and twice `size` values, the most recent ones; short ones only. */
class RecentMap {
  #recent = new Map<string, string>()
  #older = new Map<string, string>()

  constructor(private readonly size: number) {}

  get(key: string): string | undefined {
    const recent = this.#recent.get(key)
    if (recent !== undefined) return recent
    const older = this.#older.get(key)
    return older === undefined ? undefined : this.keep(key, older)
  }

  /** @returns the value */
  keep(key: string, value: string): string {
    if (key.length > LONGEST_KEY) return value
    if (this.#recent.size >= this.size) {
      this.#older = this.#recent
      this.#recent = new Map()
    }
    this.#recent.set(key, value)
    return value
  }

  clear(): void {
    this.#recent.clear()
    this.#older.clear()
  }
}

/** Longer values (tokens) are seldom seen again by the same process, and would fill memory. */
const LONGEST_KEY = 128

const REF_LENGTH = 22

function refOf(key: Hmac, value: string): string {
  return key.of(value, 'base64url').slice(0, REF_LENGTH)
}

/** The same once for each account. */
function mac(key: Buffer, value: string | Buffer): string {
  return createHmac('sha256', key).update(value).digest('base64url').slice(0, REF_LENGTH)
}
