// From an observation to an entry of the log. Everything is copied at once; references of people that need a new salt or
// day key are filled in when those are durable, and the log waits for them in order.
import type { Observation } from '../adapter.js'
import type { Counters } from '../hook/coverage.js'
import { quietly } from '../hook/wrap.js'
import type { RequestContext } from '../http/context.js'
import { type DeviceCookies, settleDevice } from '../http/device.js'
import { type Entry, keepBody } from '../log/entry.js'
import type { Settings } from '../options.js'
import type { Pseudonyms } from '../privacy/pseudonyms.js'
import type { CatalogueName } from './catalogue.js'
import type { ActorType, Identity, Outcome } from './event.js'
import type { Ids } from './id.js'
import { Identified } from './identified.js'
import { objectMember, quote, textMember } from './json.js'
import type { LogRecord } from './log-record.js'
import { bodyOf, type RecordText, sizeOf } from './long-line.js'
import { type People, RecordWriter } from './record.js'
import { RecordEntry } from './record-entry.js'
import { type Clock, dayOf } from './time.js'

/** Who took part, as identities; references come later. */
interface Identities {
  actor: Identity | undefined
  claimed: string | undefined
  onBehalfOf: readonly Identity[]
  target: Identity | undefined
  /** What the actor is when nobody is known. */
  type: 'system' | 'anonymous' | undefined
}

const NOBODY: never[] = []

const ACTOR_TYPES: readonly ActorType[] = ['user', 'service', 'admin', 'system', 'anonymous']

export class EntryMaker {
  readonly #service: string
  #idle: RecordWriter | undefined

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
  }

  /** The entry of a record, to be appended before the next one is made: its body may be `fleeting`. */
  make(
    o: Observation,
    source: LogRecord['source'],
    wait: Entry['wait'],
    context?: RequestContext,
    n?: number,
  ): RecordEntry {
    const who = this.#identities(o, source, context)
    if (context) this.#settleContext(o, context, who.actor)
    const time = this.clock.now()
    const id = this.ids.make(time)
    const day = dayOf(time)
    const people = this.#known(who, day)
    // What is read here may be a getter that records something itself: that record needs a writer of its own.
    const writer = this.#idle ?? new RecordWriter(this.#service, this.pseudonyms)
    this.#idle = undefined
    writer.write(o, context, { id, time, n, source, tenant: who.actor?.tenant }, people)
    this.#idle = writer
    const entry = new RecordEntry(
      id,
      o.event,
      o.hook,
      wait,
      source === 'audit' ? undefined : this.counters,
      o.declared?.count,
    )
    if (!people) this.#wait(entry, writer.text(), who, day)
    else entry.holds(writer.fits() ? writer.line : bodyOf(writer.text()))
    return entry
  }

  /** The line of this entry is complete once there are keys for everybody. */
  #wait(entry: RecordEntry, text: RecordText, who: Identities, day: string): void {
    let people: People | undefined // kept here: the caches may have moved on by the time the line is written
    entry.body = () => withPeople(text, people!)
    entry.bytes = sizeOf(text)
    entry.ready = async () => {
      people = await this.#make(who, day)
    }
  }

  /** One of the audit's own records. */
  own(event: CatalogueName, data: Record<string, unknown>, outcome?: Outcome): RecordEntry {
    const entry = this.make({ event, hook: 'audit', data, outcome, context: null }, 'audit', 'durable')
    keepBody(entry)
    return entry
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
      const identity: Identity = { id: String(id) }
      if (Array.isArray(names)) identity.names = names
      if (ACTOR_TYPES.includes(type!)) identity.type = type
      if (typeof tenant === 'string' || typeof tenant === 'number') identity.tenant = String(tenant)
      return identity
    } catch {
      return undefined
    }
  }

  #identities(o: Observation, source: LogRecord['source'], context: RequestContext | undefined): Identities {
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
  #known({ actor, claimed, target, onBehalfOf, type }: Identities, day: string): People | undefined {
    const { pseudonyms } = this
    const people: People = { actor: undefined, claimed: undefined, type, onBehalfOf: NOBODY, target: undefined }
    if (actor) {
      people.type = actor.type ?? 'user'
      people.actor = pseudonyms.knownActor(actor)
      if (!people.actor) return undefined
    }
    if (claimed !== undefined) {
      people.claimed = pseudonyms.knownClaimed(claimed, day)
      if (!people.claimed) return undefined
    }
    if (target) {
      people.target = pseudonyms.knownActor(target)
      if (!people.target) return undefined
    }
    if (onBehalfOf.length) {
      const refs = onBehalfOf.flatMap((who) => pseudonyms.knownActor(who) ?? [])
      if (refs.length < onBehalfOf.length) return undefined
      people.onBehalfOf = refs
    }
    return people
  }

  async #make({ actor, claimed, target, onBehalfOf, type }: Identities, day: string): Promise<People> {
    const [actorRef, claimedRef, targetRef, ...refs] = await Promise.all([
      actor && this.pseudonyms.actor(actor),
      claimed === undefined ? undefined : this.pseudonyms.claimed(claimed, day),
      target && this.pseudonyms.actor(target),
      ...onBehalfOf.map((who) => this.pseudonyms.actor(who)),
    ])
    return {
      actor: actorRef,
      claimed: claimedRef,
      type: actor ? (actor.type ?? 'user') : type,
      onBehalfOf: refs as string[],
      target: targetRef,
    }
  }
}

/** The body of a line that was written without those who took part: they come into their places. */
function withPeople(text: RecordText, people: People): string {
  const members =
    textMember('ref', people.actor) +
    textMember('claimed', people.claimed) +
    textMember('type', people.type) +
    (people.onBehalfOf.length ? `,"on_behalf_of":[${people.onBehalfOf.map(quote).join(',')}]` : '')
  const target = people.target
    ? objectMember('target', `,"type":"account"${textMember('ref', people.target)}`)
    : text.target
  return bodyOf({ ...text, target }, objectMember('actor', members))
}
