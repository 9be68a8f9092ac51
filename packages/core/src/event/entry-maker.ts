// From an observation to an entry of the log. Everything is copied at once; references of people that need a new salt or
// day key are filled in when those are durable, and the log waits for them in order.
import type { Observation } from '../adapter.js'
import type { Counters } from '../hook/coverage.js'
import { quietly } from '../hook/wrap.js'
import type { RequestContext } from '../http/context.js'
import { type DeviceCookies, settleDevice } from '../http/device.js'
import type { Entry } from '../log/entry.js'
import type { Settings } from '../options.js'
import type { Pseudonyms } from '../privacy/pseudonyms.js'
import type { CatalogueName } from './catalogue.js'
import type { ActorType, Identity, Outcome } from './event.js'
import type { Ids } from './id.js'
import { Identified } from './identified.js'
import { objectMember, quote, textMember } from './json.js'
import { bodyOf, type LogRecord, type RecordText, recordText } from './record.js'
import { RecordEntry } from './record-entry.js'
import { type Clock, formatTime } from './time.js'

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

const asItIs = (_purpose: string, value: string) => value

const NOBODY: never[] = []

const ACTOR_TYPES: readonly ActorType[] = ['user', 'service', 'admin', 'system', 'anonymous']

export class EntryMaker {
  readonly #service: string
  readonly #ref: Pseudonyms['of']

  constructor(
    private readonly settings: Settings,
    private readonly clock: Clock,
    private readonly pseudonyms: Pseudonyms,
    private readonly devices: DeviceCookies,
    private readonly counters: Counters,
    private readonly ids: Ids,
  ) {
    const { name, version, instance } = settings.service
    this.#service = `{${(textMember('name', name) + textMember('version', version) + textMember('instance', instance)).slice(1)}}`
    this.#ref = (purpose, value) => pseudonyms.of(purpose, value)
  }

  make(
    o: Observation,
    source: LogRecord['source'],
    wait: Entry['wait'],
    context?: RequestContext,
    n?: number,
  ): RecordEntry {
    const people = this.#people(o, source, context)
    if (context) this.#settleContext(o, context, people.actor)
    const now = this.clock.now()
    const id = this.ids.make(now)
    const time = formatTime(now)
    const text = recordText(o, context, {
      id,
      time,
      n,
      source,
      service: this.#service,
      tenant: people.actor?.tenant,
      // What stands for several observations was built of references: the values themselves were not kept.
      ref: o.declared ? asItIs : this.#ref,
    })
    const day = time.slice(0, 10)
    const refs = this.#knownRefs(people, day)
    const counters = source === 'audit' ? undefined : this.counters
    const stands = o.declared?.count
    if (refs) return new RecordEntry(id, o.event, o.hook, wait, counters, withPeople(text, people, refs), stands)
    let made: Refs | undefined // kept here: the caches may have moved on by the time the line is written
    const entry = new RecordEntry(id, o.event, o.hook, wait, counters, () => withPeople(text, people, made!), stands)
    entry.bytes = sizeOf(text)
    entry.ready = async () => {
      made = await this.#makeRefs(people, day)
    }
    return entry
  }

  /** One of the audit's own records. */
  own(event: CatalogueName, data: Record<string, unknown>, outcome?: Outcome): RecordEntry {
    return this.make({ event, hook: 'audit', data, outcome, context: null }, 'audit', 'durable')
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

  #people(o: Observation, source: LogRecord['source'], context: RequestContext | undefined): People {
    const own = this.identify(o.actor)
    // Who tries to sign in is not who is signed in already.
    const unproven = o.event === 'login.failed' || o.event === 'login.challenged' || o.event === 'login.refused'
    const signedIn =
      own || unproven || !context ? undefined : (context.actor ?? this.identify(quietly(() => context.req.user)))
    return {
      actor: own ?? signedIn,
      claimed: typeof o.claimed === 'string' && o.claimed.trim() !== '' ? o.claimed : undefined,
      onBehalfOf: Array.isArray(o.onBehalfOf)
        ? o.onBehalfOf.slice(0, 8).flatMap((user) => this.identify(user) ?? [])
        : NOBODY,
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
    const actorRef = actor && this.pseudonyms.knownActor(actor)
    const claimedRef = claimed === undefined ? undefined : this.pseudonyms.knownClaimed(claimed, day)
    const targetRef = target && this.pseudonyms.knownActor(target)
    if ((actor && !actorRef) || (claimed !== undefined && !claimedRef) || (target && !targetRef)) return undefined
    const behalf = onBehalfOf.length ? onBehalfOf.map((who) => this.pseudonyms.knownActor(who)) : NOBODY
    if (behalf.includes(undefined)) return undefined
    return { actor: actorRef, claimed: claimedRef, target: targetRef, onBehalfOf: behalf as string[] }
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

/** The body of a line, with the references of those who took part in their places. */
function withPeople(text: RecordText, { actor, type }: People, refs: Refs): string {
  const members =
    textMember('ref', refs.actor) +
    textMember('claimed', refs.claimed) +
    textMember('type', actor ? (actor.type ?? 'user') : type) +
    (refs.onBehalfOf.length ? `,"on_behalf_of":[${refs.onBehalfOf.map(quote).join(',')}]` : '')
  const target = refs.target
    ? objectMember('target', `,"type":"account"${textMember('ref', refs.target)}`)
    : text.target
  return bodyOf({ ...text, target }, objectMember('actor', members))
}

/** Roughly, with room for the references. */
function sizeOf({ head, target, tail, data }: RecordText): number {
  let bytes = head.length + target.length + tail.length + 256
  if (data) for (const [key, json] of data) bytes += key.length + json.length
  return bytes
}
