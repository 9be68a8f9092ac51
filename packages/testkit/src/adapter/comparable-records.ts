// Records of a scenario, made comparable: what may differ from run to run and from framework to framework is named or left
// out; everything else stays. References are named by whom or what they stand for, so that a wrong person shows.
import type { Audit } from '@trailproof/core'
import type { TestRecord } from '../memory-audit.js'
import { ACCOUNTS } from './accounts.js'
import { AGENT } from './browser.js'

/** Hooks call themselves by what they hook; what that is to an application is the same in every framework. */
const HOOKS: Readonly<Record<string, string>> = {
  express: 'framework',
  koa: 'framework',
  nestjs: 'framework',
  fastify: 'framework',
  'express-session': 'session',
  'koa-session': 'session',
  'fastify-session': 'session',
  'koa-passport': 'passport',
}

/** What nearly every record says of its client; left out where it is just this. */
const USUAL = { ip: '127.0.0.1', ip_source: 'socket', peer: '127.0.0.1', user_agent: AGENT }

export type ComparableRecord = Record<string, unknown> & { event: string }

/** Names for keyed references, by first appearance; the shop's people by their own. */
export class Names {
  readonly #known = new Map<string, string>()
  readonly #counts = new Map<string, number>()

  static async of(audit: Audit, typed: readonly string[]): Promise<Names> {
    const names = new Names()
    for (const { id, name } of ACCOUNTS) names.#known.set(await audit.actorRef({ id }), name)
    // A run across midnight types names on two days.
    for (const at of [Date.now(), Date.now() - 60_000])
      for (const name of typed)
        names.#known.set(await audit.claimedRef(name, new Date(at).toISOString().slice(0, 10)), `typed ${name}`)
    return names
  }

  name(kind: string, ref: unknown): string {
    const known = this.#known.get(String(ref))
    if (known) return known
    const count = (this.#counts.get(kind) ?? 0) + 1
    this.#counts.set(kind, count)
    this.#known.set(String(ref), `${kind} ${count}`)
    return `${kind} ${count}`
  }
}

/**
 * @param ids what the requests of the scenario are called, in order
 * @returns request by request, in the order in which the requests were sent, and by name within one, where frameworks have
 * orders of their own; what belongs to no request comes last
 */
export function comparableRecords(records: readonly TestRecord[], ids: readonly string[], names: Names) {
  const place = (record: TestRecord) => {
    const at = ids.indexOf(String(record.http?.['request_id']))
    return at < 0 ? ids.length : at
  }
  const sorted = [...records].sort((a, b) => place(a) - place(b) || compare(a.event, b.event) || a.seq - b.seq)
  return sorted.map((record) => comparableRecord(record, ids, names))
}

const compare = (a: string, b: string) => (a < b ? -1 : Number(a > b))

function comparableRecord(record: TestRecord, ids: readonly string[], names: Names): ComparableRecord {
  const { v: _v, seq: _seq, id: _id, time: _time, n: _n, service: _service, ...rest } = record
  const { hook, actor, target, auth, session, token, client, http } = rest
  return compact({
    ...rest,
    hook: hook && (HOOKS[hook] ?? hook),
    actor: actor && {
      ...actor,
      ref: actor.ref && names.name('account', actor.ref),
      claimed: actor.claimed && names.name('typed name', actor.claimed),
      on_behalf_of: actor.on_behalf_of?.map((ref) => names.name('account', ref)),
    },
    target: target && { ...target, ref: target.ref && names.name('account', target.ref) },
    auth: auth && { ...auth, attempt: auth.attempt && names.name('attempt', auth.attempt) },
    session: session && {
      from: session.from && names.name('session', session.from),
      ref: names.name('session', session.ref),
    },
    token: token && comparableToken(token, names),
    client: client && comparableClient(client, names),
    http: http && comparableHttp(http, ids),
  }) as ComparableRecord
}

function comparableToken(token: Record<string, unknown>, names: Names): Record<string, unknown> {
  const named = { ...token }
  for (const key of ['ref', 'jti'])
    if (token[key] !== undefined) named[key] = names.name(key === 'ref' ? 'token' : 'jti', token[key])
  for (const key of ['iat', 'nbf', 'exp']) if (typeof token[key] === 'number') named[key] = '<time>'
  return named
}

function comparableClient(client: Record<string, unknown>, names: Names): Record<string, unknown> {
  const told = { ...client, device: client['device'] && names.name('device', client['device']) }
  for (const [key, value] of Object.entries(USUAL)) if (client[key] === value) delete (told as never)[key]
  return told
}

function comparableHttp(http: Record<string, unknown>, ids: readonly string[]): Record<string, unknown> {
  const { request_id, ...rest } = http
  return ids.includes(String(request_id)) ? rest : { ...rest, request_id: 'another' }
}

/** Without what is not there. */
function compact(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  const kept = Object.entries(value).map(([key, one]) => [key, compact(one)] as const)
  return Object.fromEntries(
    kept.filter(([, one]) => one !== undefined && !(typeof one === 'object' && one && Object.keys(one).length === 0)),
  )
}
