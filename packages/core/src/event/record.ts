// From an observation to the one JSON line that stands in the log: field order, bounds, redaction.
// Everything is copied when the fact happens; only references that wait for a key are filled in later.
import type { Observation } from '../adapter.js'
import { quietly } from '../hook/wrap.js'
import type { RequestContext } from '../http/context.js'
import { NO_SECRETS, type Redactor, type Redactors, redactors } from '../privacy/guard.js'
import type { Pseudonyms } from '../privacy/pseudonyms.js'
import { DataMembers } from './data-members.js'
import type { ActorType, Target, TokenFacts } from './event.js'
import { kindOf } from './kind.js'
import { Fragment, fragments, LineWriter } from './line-writer.js'
import type { LogRecord } from './log-record.js'
import { MAX_LINE_BYTES, type RecordText, ROOM_FOR_SEQ } from './long-line.js'

export interface RecordParts {
  id: string
  /** Milliseconds since 1970. */
  time: number
  n: number | undefined
  source: LogRecord['source']
  /** Of the actor, where the observation names none. */
  tenant: string | undefined
}

/** The references of those who took part, and what the actor is. */
export interface People {
  actor: string | undefined
  claimed: string | undefined
  type: ActorType | undefined
  onBehalfOf: readonly string[]
  /** Of a target that is an account. */
  target: string | undefined
}

// biome-ignore format: a list of words
const KEY = fragments(
  'tenant', 'data', 'id', 'time', 'reason', 'source', 'hook', 'n', 'declared', 'actor', 'ref', 'claimed', 'type', 'on_behalf_of', 'target', 'auth', 'method', 'strategy', 'factors', 'attempt', 'session', 'from', 'token', 'jti', 'alg', 'kid', 'typ', 'iss', 'aud', 'iat', 'nbf', 'exp', 'verified', 'client', 'ip', 'ip_source', 'peer', 'forwarded_ignored', 'user_agent', 'hints', 'device', 'device_source', 'device_rejected', 'http', 'route', 'request_id', 'status', 'trace', 'trace_id', 'span_id',
)

/** Writes records, one after the other, each over the one before. */
export class RecordWriter {
  readonly line = new LineWriter()
  readonly #data = new DataMembers()
  readonly #service: Fragment
  readonly #pseudonyms: Pseudonyms
  #guard: Redactors = NO_SECRETS
  #isDeclared = false
  #targetAt = 0
  #tailAt = 0
  #dataAt = 0

  /** @param service - JSON of the field `service` */
  constructor(service: string, pseudonyms: Pseudonyms) {
    this.#service = new Fragment(`,"service":${service}`)
    this.#pseudonyms = pseudonyms
  }

  /**
   * Writes a record into `line`.
   *
   * @param people undefined while their keys are not there: then they are left out, to be put into the `text()` of it
   */
  write(o: Observation, context: RequestContext | undefined, parts: RecordParts, people: People | undefined): void {
    const { line } = this
    this.#guard = context ? guardOf(context) : NO_SECRETS
    this.#isDeclared = o.declared !== undefined
    line.begin()
    this.#head(o, parts)
    if (people) this.#actor(people)
    this.#targetAt = line.end
    this.#target(o.target, people?.target)
    this.#tailAt = line.end
    this.#auth(o.auth)
    this.#session(o)
    this.#token(o.token)
    if (context) {
      this.#client(context)
      this.#http(context, o.status)
      this.#trace(context.trace)
    }
    line.constant(this.#service)
    line.text(KEY.tenant, textOf(o.tenant ?? parts.tenant, 128, this.#guard.clean))
    this.#dataAt = line.end
    this.#data.clear()
    if (o.data !== undefined && o.data !== null) {
      line.open(KEY.data)
      this.#data.write(line, o.data, this.#guard.clean)
      line.close()
    }
    line.finish()
    this.#guard = NO_SECRETS // not to keep those of a request that is over
  }

  /** Is the record short enough for a line? */
  fits(): boolean {
    return this.line.end - this.line.start + ROOM_FOR_SEQ <= MAX_LINE_BYTES
  }

  /** The record just written, as text. */
  text(): RecordText {
    const { line } = this
    return {
      head: line.slice(line.start, this.#targetAt),
      target: line.slice(this.#targetAt, this.#tailAt),
      tail: line.slice(this.#tailAt, this.#dataAt),
      data: this.#data.texts(line),
    }
  }

  #head(o: Observation, { id, time, source, n }: RecordParts): void {
    const { line } = this
    line.text(KEY.id, id)
    line.time(KEY.time, time)
    line.constant(kindOf(o))
    line.text(KEY.reason, textOf(o.reason, 64, this.#guard.cleanWords))
    line.text(KEY.source, source)
    if (source === 'hook') line.text(KEY.hook, o.hook)
    line.number(KEY.n, n)
    if (o.declared) line.member(KEY.declared, JSON.stringify(o.declared)) // made of counts, times and ids of our own
  }

  #actor({ actor, claimed, type, onBehalfOf }: People): void {
    const { line } = this
    line.open(KEY.actor)
    line.text(KEY.ref, actor)
    line.text(KEY.claimed, claimed)
    line.text(KEY.type, type)
    if (onBehalfOf.length) this.#list(KEY.on_behalf_of, onBehalfOf, 64, asItIs)
    line.close()
  }

  #target(target: Target | undefined, ref: string | undefined): void {
    if (typeof target !== 'object' || target === null) return
    const { line } = this
    line.open(KEY.target)
    if ('account' in target) {
      line.text(KEY.type, 'account')
      line.text(KEY.ref, ref)
    } else {
      const id = typeof target.id === 'bigint' ? String(target.id) : target.id
      line.text(KEY.type, textOf(target.type, 64, this.#guard.cleanWords) ?? 'unknown')
      line.text(KEY.id, textOf(id, 256, this.#guard.clean))
    }
    line.close()
  }

  #auth(auth: Observation['auth']): void {
    if (!auth) return
    const { line } = this
    const { cleanCode, cleanWords } = this.#guard
    line.open(KEY.auth)
    line.text(KEY.method, textOf(auth.method, 64, cleanWords))
    line.text(KEY.strategy, textOf(auth.strategy, 128, cleanWords))
    this.#list(KEY.factors, auth.factors, 64, cleanWords)
    line.text(KEY.attempt, textOf(auth.attempt, 64, cleanCode))
    line.close()
  }

  /** What stands for several observations was built of references: the values themselves were not kept. */
  #ref(purpose: 'session' | 'token', value: string): string {
    return this.#isDeclared ? value : this.#pseudonyms.of(purpose, value)
  }

  #session({ session, sessionFrom }: Observation): void {
    if (typeof session !== 'string') return
    const { line } = this
    line.open(KEY.session)
    line.text(KEY.ref, this.#ref('session', session))
    if (typeof sessionFrom === 'string') line.text(KEY.from, this.#pseudonyms.of('session', sessionFrom))
    line.close()
  }

  #token(token: TokenFacts | undefined): void {
    if (!token) return
    const { line } = this
    const { clean, cleanCode } = this.#guard
    line.open(KEY.token)
    if (typeof token.value === 'string') line.text(KEY.ref, this.#ref('token', token.value))
    if (typeof token.jti === 'string') line.text(KEY.jti, this.#pseudonyms.ofJti(token.jti))
    line.text(KEY.alg, textOf(token.alg, 32, cleanCode))
    line.text(KEY.kid, textOf(token.kid, 256, clean))
    line.text(KEY.typ, textOf(token.typ, 64, cleanCode))
    line.text(KEY.iss, textOf(token.iss, 256, clean))
    const { aud } = token
    if (Array.isArray(aud)) this.#list(KEY.aud, aud, 256, clean)
    else line.text(KEY.aud, textOf(aud, 256, clean))
    line.number(KEY.iat, token.iat)
    line.number(KEY.nbf, token.nbf)
    line.number(KEY.exp, token.exp)
    line.member(KEY.verified, token.verified === true ? 'true' : 'false')
    line.close()
  }

  #client({ address, userAgent, hints, device }: RequestContext): void {
    const { line } = this
    line.open(KEY.client)
    line.text(KEY.ip, address.ip)
    line.text(KEY.ip_source, address.source)
    if (address.peer !== address.ip) line.text(KEY.peer, address.peer)
    if (address.forwardedIgnored) line.member(KEY.forwarded_ignored, 'true')
    line.text(KEY.user_agent, textOf(userAgent, 512, this.#guard.cleanCode))
    line.member(KEY.hints, hints)
    if (device?.id !== undefined) line.text(KEY.device, this.#pseudonyms.of('device', device.id))
    line.text(KEY.device_source, device?.source)
    line.text(KEY.device_rejected, device?.rejected)
    line.close()
  }

  #http(context: RequestContext, status: number | undefined): void {
    const { line } = this
    const { clean, cleanWords } = this.#guard
    line.open(KEY.http)
    line.text(KEY.method, textOf(context.req.method, 16, cleanWords))
    line.text(
      KEY.route,
      textOf(
        quietly(() => context.route()),
        256,
        cleanWords,
      ),
    )
    line.text(KEY.request_id, textOf(context.requestId, 128, context.requestIdIsOurs ? asItIs : clean))
    line.number(KEY.status, status)
    line.close()
  }

  #trace(trace: LogRecord['trace']): void {
    if (!trace) return
    const { line } = this
    line.open(KEY.trace)
    line.text(KEY.trace_id, trace.trace_id)
    line.text(KEY.span_id, trace.span_id)
    line.close()
  }

  /** At most 8 texts; nothing for what is no list. */
  #list(key: Fragment, values: unknown, max: number, clean: Redactor): void {
    if (!Array.isArray(values)) return
    const { line } = this
    line.openList(key)
    for (let i = 0; i < values.length && i < 8; i++) {
      const text = textOf(values[i], max, clean)
      if (text !== undefined) line.item(text)
    }
    line.closeList()
  }
}

function guardOf({ secrets }: RequestContext): Redactors {
  return redactors([...(quietly(() => secrets.values()) ?? [])], secrets)
}

const asItIs: Redactor = (text) => text

/** A text of a record, or undefined for what is none: libraries hand over what strangers sent. */
function textOf(value: unknown, max: number, clean: Redactor): string | undefined {
  return typeof value === 'string' ? clean(value, max) : typeof value === 'number' ? String(value) : undefined
}
