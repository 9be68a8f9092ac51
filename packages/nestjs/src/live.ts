// The audited Nest applications of this process. Guards are watched on a prototype that all of them share, so what is
// seen there has to find the audit of the application it belongs to.
import type { ModulesContainer } from '@nestjs/core'
import type { AuditCore } from '@trailproof/core/adapter'

export interface LiveApp {
  readonly core: AuditCore
  readonly modules: ModulesContainer
}

interface Shared {
  apps: Set<LiveApp>
  /** What takes our methods out of Nest's classes again, for when the last application is gone. */
  patched: Map<object, () => void>
  owners: WeakMap<object, LiveApp>
}

const SHARED = Symbol.for('trailproof.nestjs')
const globals = globalThis as unknown as Record<symbol, Shared | undefined>
globals[SHARED] ??= { apps: new Set(), patched: new Map(), owners: new WeakMap() }

/** Shared by all copies of this package. */
export const live: Shared = globals[SHARED]

/** The application that a controller, resolver or gateway belongs to; undefined when it is not, or no more, audited. */
export function ownerOf(instance: object): LiveApp | undefined {
  const known = live.owners.get(instance)
  if (known) return live.apps.has(known) ? known : undefined
  for (const app of live.apps) {
    if (!holds(app, instance)) continue
    live.owners.set(instance, app)
    return app
  }
  return undefined
}

/** An instance made for one request stands in no module; its class does. */
function holds({ modules }: LiveApp, instance: object): boolean {
  const type = instance.constructor
  for (const { controllers, providers } of modules.values())
    for (const wrappers of [controllers, providers])
      for (const { instance: one, metatype } of wrappers.values())
        if (one === instance || (metatype === type && type !== Object)) return true
  return false
}
