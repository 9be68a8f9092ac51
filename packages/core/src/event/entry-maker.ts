// From an observation to an entry of the log. Everything is copied at once; references of people that need a new salt or
// day key are filled in when those are durable, and the log waits for them in order.
import { uuidv7 } from 'uuidv7'
import type { Observation } from '../adapter.js'
import type { TrailproofError } from '../errors.js'
import type { Counters } from '../hook/coverage.js'
import { quietly } from '../hook/wrap.js'
import type { RequestContext } from '../http/context.js'
import { type DeviceCookies, settleDevice } from '../http/device.js'
import type { Entry, Receipt } from '../log/entry.js'
import type { Settings } from '../options.js'
import type { Pseudonyms } from '../privacy/pseudonyms.js'
import type { CatalogueName } from './catalogue.js'
import type { ActorType, Identity, Outcome } from './event.js'
import { Identified } from './identified.js'
import { bodyOf, buildRecord, type LogRecord } from './record.js'
import { type Clock, formatTime } from './time.js'

/** An entry, and what the log will answer: a receipt, or the error that kept the record out. */
export interface Made {
  id: string
  entry: Entry
  answer: Promise<Receipt | TrailproofError>
}

/** Who took part, as identities; references come later. */
interface People {
  actor: Identity | undefined
  claimed: string | undefined
  onBehalfOf: Identity[]
  target: Identity | undefined
  /** What the actor is when nobody is known. */
  type: 'system' | 'anonymous' | undefined
}

/** Their pseudonyms. */
interface Refs {
  actor: string | undefined
  claimed: string | undefined
  target: string | undefined
  onBehalfOf: string[]
}

const ACTOR_TYPES: readonly ActorType[] = ['user', 'service', 'admin', 'system', 'anonymous']

export class EntryMaker {
  constructor(
    private readonly settings: Settings,
    private readonly clock: Clock,
    private readonly pseudonyms: Pseudonyms,
    private readonly devices: DeviceCookies,
    private readonly counters: Counters,
  ) {}

  make(o: Observation, source: LogRecord['source'], wait: Entry['wait'], context?: RequestContext, n?: number): Made {
    const id = uuidv7()
    const people = this.#people(o, source, context)
    if (context) this.#settleContext(o, context, people.actor)
    const record = buildRecord(o, context, {
      id,
      time: formatTime(this.clock.now()),
      n,
      source,
      service: this.settings.service,
      tenant: people.actor?.tenant,
      // What stands for several observations was built of references: the values themselves were not kept.
      ref: o.declared ? (_, value) => value : (purpose, value) => this.pseudonyms.of(purpose, value),
    })
    const day = record.time.slice(0, 10)
    const known = this.#knownRefs(people, day)
    let made: Refs | undefined // kept here: the caches may have moved on by the time the line is written
    const body = known ? bodyOf(filled(record, people, known)) : () => bodyOf(filled(record, people, made!))
    let settled!: Entry['settled']
    const answer = new Promise<Receipt | TrailproofError>((resolve) => {
      settled = (error, receipt) => {
        if (source !== 'audit') this.#count(o, receipt !== undefined)
        resolve(receipt ?? error!)
      }
    })
    const bytes = typeof body === 'string' ? body.length : JSON.stringify(record).length + 256
    const makeKeys = async () => {
      made = await this.#makeRefs(people, day)
    }
    const ready = known ? {} : { ready: makeKeys }
    return { id, answer, entry: { event: o.event, body, bytes, wait, settled, ...ready } }
  }

  /** One of the audit's own records. */
  own(event: CatalogueName, data: Record<string, unknown>, outcome?: Outcome): Entry {
    return this.make({ event, hook: 'audit', data, outcome, context: null }, 'audit', 'durable').entry
  }

  /** `identify` of the options; never throws, undefined when it finds no id. */
  identify(user: unknown): Identity | undefined {
    if (user === undefined || user === null) return undefined
    if (user instanceof Identified) return user.identity
    try {
      const found = this.settings.identify(user)
      const id: unknown = found?.id
      if (!((typeof id === 'string' && id !== '') || typeof id === 'number' || typeof id === 'bigint')) return undefined
      const { names, type, tenant } = found as { names?: readonly string[]; type?: ActorType; tenant?: unknown }
      return {
        id: String(id),
        ...(Array.isArray(names) && { names }),
        ...(ACTOR_TYPES.includes(type!) && { type }),
        ...((typeof tenant === 'string' || typeof tenant === 'number') && { tenant: String(tenant) }),
      }
    } catch {
      return undefined
    }
  }

  #count(o: Observation, recorded: boolean): void {
    if (!recorded) this.counters.dropped(o.hook, o.event, o.declared?.count)
    else if (o.declared) this.counters.declared(o.hook, o.declared.count)
    else this.counters.recorded(o.hook)
  }

  #people(o: Observation, source: LogRecord['source'], context: RequestContext | undefined): People {
    const own = this.identify(o.actor)
    // Who tries to sign in is not who is signed in already.
    const unproven = o.event === 'login.failed' || o.event === 'login.challenged' || o.event === 'login.refused'
    const signedIn =
      own || unproven || !context ? undefined : (context.actor ?? this.identify(quietly(() => context.req.user)))
    return {
      actor: own ?? signedIn,
      claimed: typeof o.claimed === 'string' && o.claimed.trim() !== '' ? o.claimed : undefined,
      onBehalfOf: (Array.isArray(o.onBehalfOf) ? o.onBehalfOf : [])
        .slice(0, 8)
        .flatMap((user) => this.identify(user) ?? []),
      target:
        typeof o.target === 'object' && o.target !== null && 'account' in o.target
          ? this.identify(o.target.account)
          : undefined,
      type: source === 'audit' ? 'system' : context ? 'anonymous' : undefined,
    }
  }

  #settleContext(o: Observation, context: RequestContext, actor: Identity | undefined): void {
    if (actor && o.event === 'login.succeeded') context.actor = actor
    if (this.settings.device.mode === 'auth') settleDevice(context, this.devices, o.event.startsWith('login.'))
  }

  /** The references that are known without waiting; undefined when keys have to be made first. */
  #knownRefs({ actor, claimed, target, onBehalfOf }: People, day: string): Refs | undefined {
    const refs = {
      actor: actor && this.pseudonyms.knownActor(actor),
      claimed: claimed === undefined ? undefined : this.pseudonyms.knownClaimed(claimed, day),
      target: target && this.pseudonyms.knownActor(target),
      onBehalfOf: onBehalfOf.map((who) => this.pseudonyms.knownActor(who)),
    }
    const missing = (actor && !refs.actor) || (claimed !== undefined && !refs.claimed) || (target && !refs.target)
    return missing || refs.onBehalfOf.includes(undefined) ? undefined : (refs as Refs)
  }

  async #makeRefs({ actor, claimed, target, onBehalfOf }: People, day: string): Promise<Refs> {
    const [actorRef, claimedRef, targetRef, ...behalf] = await Promise.all([
      actor && this.pseudonyms.actor(actor),
      claimed === undefined ? undefined : this.pseudonyms.claimed(claimed, day),
      target && this.pseudonyms.actor(target),
      ...onBehalfOf.map((who) => this.pseudonyms.actor(who)),
    ])
    return { actor: actorRef, claimed: claimedRef, target: targetRef, onBehalfOf: behalf as string[] }
  }
}

function filled(record: LogRecord, people: People, refs: Refs): LogRecord {
  const type = people.actor ? (people.actor.type ?? 'user') : people.type
  record.actor = {
    ...(refs.actor && { ref: refs.actor }),
    ...(refs.claimed && { claimed: refs.claimed }),
    ...(type && { type }),
    ...(refs.onBehalfOf.length && { on_behalf_of: refs.onBehalfOf }),
  }
  if (refs.target) record.target = { type: 'account', ref: refs.target }
  if (Object.keys(record.actor).length === 0) delete record.actor
  return record
}
