// koa-session: its factory wrapped, so that the store it is given is watched and each request is known.
import type { Audit } from '@trailproof/core'
import { coreOf, noteHooked, quietly, sameShape, unsupported } from '@trailproof/core/adapter'
import { cookieValue } from '../cookie.js'
import { ledgerOf } from '../ledger.js'
import { checkOptions, type SessionAuditOptions } from '../options.js'
import { Recorder } from '../recorder.js'
import { settleRotation } from '../rotation.js'
import { holdsId, scope } from '../visit.js'
import { watchKoaStore } from './koa-store.js'
import { type KoaContext, type KoaVisit, openKoaVisit } from './koa-visit.js'

const HOOK = 'koa-session'

/** What `import session from 'koa-session'` gives, as far as it is used here. */
// biome-ignore lint/suspicious/noExplicitAny: takes (options, app) or (app, options)
export type KoaSessionFactory = (...args: any[]) => unknown

interface FactoryOptions {
  store?: object
  ContextStore?: new (...args: unknown[]) => object
  key?: string
  signed?: boolean
  externalKey?: unknown
}

type Middleware = (this: unknown, ctx: KoaContext, next: () => unknown) => unknown

/**
 * Wraps koa-session: `app.use(auditKoaSession(audit, session)({ store, … }, app))`.
 *
 * Records session.created, .renewed, .rotated, .ended, .replayed, .expired, .invalid and .store_failed for sessions that
 * are kept in a store. What koa-session keeps in the cookie itself has no id, no end and no record: `audit.coverage()`
 * says `store: 'cookie'`.
 *
 * @param session the factory
 * @returns a factory of the same type; every store it is given is watched, once; `audit.detach()` gives it back its methods
 * @throws TRAILPROOF_OPTION_INVALID an option is unknown or wrong; nothing is hooked
 * @throws TRAILPROOF_HOOK_UNSUPPORTED this is no factory; nothing is hooked
 */
export function auditKoaSession<F extends KoaSessionFactory>(
  audit: Audit,
  session: F,
  options?: SessionAuditOptions,
): F {
  const { remember } = checkOptions(options)
  if (typeof session !== 'function')
    throw unsupported(HOOK, 'this is not koa-session', "pass what `import session from 'koa-session'` gives")
  const core = coreOf(audit)
  const recorder = new Recorder(core, ledgerOf(core, remember), HOOK)
  const live = { on: true }
  const undo: Array<() => void> = [noteHooked(session)]
  core.onDetach(() => {
    live.on = false
    for (const restore of undo.splice(0)) restore()
  })

  function auditedSession(this: unknown, ...args: unknown[]): unknown {
    const make = session as unknown as (this: unknown, ...args: unknown[]) => Middleware
    if (!live.on) return make.apply(this, args)
    const at = args.findIndex((arg) => typeof arg === 'object' && arg !== null && !isApp(arg))
    const given = (at < 0 ? {} : args[at]) as FactoryOptions
    const store = typeof given.store === 'object' && given.store !== null ? given.store : undefined
    let passed = args
    if (store) {
      const restore = watchKoaStore(recorder, store)
      if (restore) undo.push(restore)
    } else if (typeof given.ContextStore === 'function')
      passed = args.with(at, { ...given, ContextStore: watchedClass(recorder, given.ContextStore, live) })
    const middleware = make.apply(this, passed)
    const kind = store?.constructor?.name ?? given.ContextStore?.name ?? 'cookie'
    quietly(() => core.hooked(HOOK, { store: kind, watched: kind !== 'cookie' }))
    return typeof middleware === 'function' ? watchRequests(recorder, live, middleware, given) : middleware
  }
  return sameShape(auditedSession as never, session as never) as unknown as F
}

const isApp = (arg: object) => typeof (arg as { use?: unknown }).use === 'function'

/** koa-session makes such a store for each request; it asks for a class, so one that stands for it must be one. */
// biome-ignore lint/suspicious/noExplicitAny: a mixin's constructor takes any
function watchedClass(recorder: Recorder, given: new (...args: any[]) => object, live: { on: boolean }) {
  const watched = class extends given {
    // biome-ignore lint/suspicious/noExplicitAny: see above
    constructor(...args: any[]) {
      super(...args)
      if (live.on) quietly(() => watchKoaStore(recorder, this))
    }
  }
  return Object.defineProperty(watched, 'name', { value: given.name, configurable: true })
}

function watchRequests(
  recorder: Recorder,
  live: { on: boolean },
  middleware: Middleware,
  options: FactoryOptions,
): Middleware {
  function session(this: unknown, ctx: KoaContext, next: () => unknown): unknown {
    const opened = live.on ? quietly(() => openKoaVisit(ctx)) : undefined
    if (!opened) return middleware.call(this, ctx, next)
    const watchedNext = () => {
      if (!opened.arrived) quietly(() => arrive(recorder, opened, options))
      const over = () => {
        opened.committing = true
      }
      const downstream = next()
      if (isThenable(downstream)) downstream.then(over, over)
      else over()
      return downstream
    }
    const { visit } = opened
    return scope.run({ visit }, () => {
      const result = middleware.call(this, ctx, watchedNext)
      // An id was given up: by now it is known what for, and whether the session goes on. Told before Koa answers.
      const settle = () =>
        void quietly(() => settleRotation(recorder, visit, visit.known.has(visit.rotation?.to as string)))
      if (isThenable(result)) result.then(settle, settle)
      return result
    })
  }
  return sameShape(session as never, middleware as never)
}

/** koa-session has looked at the cookie, and hands the request on. */
function arrive(recorder: Recorder, opened: KoaVisit, { key = 'koa.sess', signed, externalKey }: FactoryOptions): void {
  const { visit, ctx } = opened
  opened.arrived = true
  holdsId(visit, opened.id)
  const ignored = visit.presenting
  visit.presenting = false
  if (opened.found) {
    const isNew = (ctx.session as { isNew?: unknown } | null | undefined)?.isNew === true
    if (isNew) void recorder.record(visit, { event: 'session.invalid', reason: 'not_valid', session: opened.id })
    return
  }
  if (!ignored || signed === false || externalKey) return
  const { cookie } = ctx.req.headers
  const value = cookieValue(cookie, key)
  if (!value) return
  recorder.keepSecret(visit, value)
  // The store was never asked, so the signature is wrong, or there is none. What such a cookie says is the sender's word.
  const reason = cookieValue(cookie, `${key}.sig`) === undefined ? 'unsigned' : 'bad_signature'
  void recorder.record(visit, { event: 'session.invalid', reason })
}

function isThenable(value: unknown): value is Promise<unknown> {
  return typeof (value as { then?: unknown } | null | undefined)?.then === 'function'
}
