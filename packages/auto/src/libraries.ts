// What is done with each library when the application loads it. All but the factories of sessions are changed in place, so
// that every copy of a name that somebody took early sees the same.
import { createRequire } from 'node:module'
import { resolve } from 'node:path'
import type { Audit } from '@trailproof/core'
import { coreOf, patch, quietly } from '@trailproof/core/adapter'
import { auditExpressApps, type ExpressLike } from '@trailproof/express'
import { auditJwt, type JsonWebTokenLike } from '@trailproof/jwt'
import { auditKoaApps, type KoaLike } from '@trailproof/koa'
import type { auditNestApps } from '@trailproof/nestjs'
import { auditPassport, type PassportLike } from '@trailproof/passport'
import { auditKoaSession, auditSession, type KoaSessionFactory, type SessionFactory } from '@trailproof/sessions'
import type { AutoHooks } from './config.js'

export interface Attaching {
  /** Where hooks attach: the audit as `coreOf` knows it, which may not be made yet. */
  audit: Audit
  /** Makes it. */
  begin: () => Audit | undefined
  hooks: AutoHooks
  here: string
}

/** A module as its loader gives it: what CommonJS exports, or the names of an ES module, which may be assigned. */
type Exports = Record<string, unknown>

/** @returns what stands for the exports instead; undefined where they were changed in place */
export type Attach = (exports: Exports, attaching: Attaching) => unknown

export const LIBRARIES: Record<string, { hook: keyof AutoHooks; framework?: true; attach: Attach }> = {
  express: {
    hook: 'express',
    framework: true,
    attach: (exports, { audit, hooks }) =>
      void auditExpressApps(audit, main(exports) as ExpressLike, hooks.express || undefined),
  },
  koa: {
    hook: 'koa',
    framework: true,
    attach: (exports, { audit, hooks }) => void auditKoaApps(audit, main(exports) as KoaLike, hooks.koa || undefined),
  },
  '@nestjs/core': { hook: 'nestjs', framework: true, attach: attachNest },
  passport: { hook: 'passport', attach: attachPassport },
  'koa-passport': { hook: 'passport', attach: attachPassport },
  jsonwebtoken: {
    hook: 'jwt',
    attach: (exports, { audit, hooks }) =>
      void auditJwt(audit, main(exports) as JsonWebTokenLike, hooks.jwt || undefined),
  },
  'express-session': {
    hook: 'session',
    attach: (exports, { audit, hooks }) =>
      factoriesOf(exports, [], (factory) => auditSession(audit, factory as SessionFactory, hooks.session || undefined)),
  },
  'koa-session': {
    hook: 'session',
    attach: (exports, { audit, hooks }) =>
      factoriesOf(exports, ['createSession'], (factory) =>
        auditKoaSession(audit, factory as KoaSessionFactory, hooks.session || undefined),
      ),
  },
}

/** An ES module's default export; of CommonJS, all of it. */
function main(exports: Exports): unknown {
  return typeof exports === 'function' ? exports : (exports['default'] ?? exports)
}

/** The object that everyone shares, and every other one that the application makes, as soon as it is used. */
function attachPassport(exports: Exports, { audit, hooks }: Attaching): void {
  const shared = main(exports) as PassportLike & { Passport?: { prototype: object } }
  const options = hooks.passport || undefined
  auditPassport(audit, shared, options)
  const undo = patch(shared.Passport?.prototype ?? {}, 'use', (original) => {
    const watched = {
      use(this: PassportLike, ...args: unknown[]): unknown {
        // Its constructor adds a strategy of its own, before all parts are there.
        if ('_sm' in this) quietly(() => auditPassport(audit, this, options))
        return original.apply(this, args)
      },
    }
    return watched.use
  })
  if (undo) coreOf(audit).onDetach(undo)
}

/** By factory: `import` and `require` of one library must give the same function, as they do without us. */
const wrapped = new WeakMap<object, unknown>()

function factoriesOf(exports: Exports, names: readonly string[], wrap: (factory: object) => unknown): unknown {
  if (typeof exports === 'function') return once(exports, wrap)
  const replaced: Exports = {}
  for (const name of ['default', ...names]) {
    const factory = exports[name]
    if (typeof factory === 'function') replaced[name] = once(factory, wrap)
  }
  // The names of an ES module may be assigned, those of compiled CommonJS have only a getter.
  if (exports[Symbol.toStringTag as never] === 'Module') return void Object.assign(exports, replaced)
  const copy = Object.create(Object.getPrototypeOf(exports), Object.getOwnPropertyDescriptors(exports)) as Exports
  for (const [name, value] of Object.entries(replaced))
    Object.defineProperty(copy, name, { value, enumerable: true, configurable: true, writable: true })
  return copy
}

function once(factory: object, wrap: (factory: object) => unknown): unknown {
  const known = wrapped.get(factory)
  if (known) return known
  const made = wrap(factory)
  wrapped.set(factory, made)
  wrapped.set(made as object, made) // an ES module may be made of what `require` gave
  return made
}

function attachNest(exports: Exports, { audit, begin, here }: Attaching): void {
  const { NestFactory } = (exports['NestFactory'] ? exports : exports['default']) as { NestFactory: never }
  const adapter = nestAdapter(here)
  const { detach } = adapter.auditNestApps(begin, NestFactory)
  coreOf(audit).onDetach(detach)
}

/** Applications of Nest install it; others need no package of Nest's. */
function nestAdapter(here: string): { auditNestApps: typeof auditNestApps } {
  try {
    return createRequire(here)('@trailproof/nestjs')
  } catch {
    return createRequire(resolve('package.json'))('@trailproof/nestjs')
  }
}
