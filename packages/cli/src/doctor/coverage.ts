// What the processes of each log watch, as their newest `audit.coverage` says: what is found unhooked, and the line to add.
import { basename } from 'node:path'
import { findLogs, isLockHeld, lastLines, placeOfLog } from '@trailproof/core'
import { type Check, fail, ok, warn } from './check.js'

/** A process tells its coverage 5 s after its start, when it changes, and daily. */
const LOOKED_AT = 20_000

export interface Covered {
  log: string
  /** By hook: how it is attached. Undefined where no coverage was found. */
  hooks: Record<string, Record<string, unknown>> | undefined
  unhooked: { library: string; at: string; fix: string }[]
  forwardedIgnored: boolean
  /** Observations by hook, of the newest heartbeat. */
  seen: Record<string, number> | undefined
  /** Public names of the keys it was started with. */
  rootKey: string | undefined
  held: boolean
}

/** @throws nothing: a log that cannot be read has its own check */
export async function coverageOf(path: string): Promise<Covered[]> {
  const folders = await findLogs(path).catch(() => [])
  return Promise.all(folders.map(coveredBy))
}

async function coveredBy(folder: string): Promise<Covered> {
  const lines = await lastLines(folder, LOOKED_AT).catch(() => [])
  const newest = new Map<string, Record<string, unknown>>()
  for (const line of lines) {
    const text = Buffer.from(line).toString()
    const [, event] = /"event":"(audit\.(?:coverage|heartbeat|started))"/.exec(text) ?? []
    const data = event && dataOf(text)
    if (event && data) newest.set(event, data)
  }
  const coverage = newest.get('audit.coverage') as Partial<Covered & { forwarded_ignored: boolean }> | undefined
  const counts = newest.get('audit.heartbeat')?.['counts'] as Record<string, { seen: number }> | undefined
  const keys = newest.get('audit.started')?.['keys'] as { root?: string } | undefined
  return {
    log: basename(folder),
    hooks: coverage?.hooks,
    unhooked: Array.isArray(coverage?.unhooked) ? coverage.unhooked : [],
    forwardedIgnored: coverage?.forwarded_ignored === true,
    seen: counts && Object.fromEntries(Object.entries(counts).map(([hook, { seen }]) => [hook, seen])),
    rootKey: keys?.root,
    held: (await isLockHeld(placeOfLog(folder)?.lockFile)) === true,
  }
}

function dataOf(text: string): Record<string, unknown> | undefined {
  try {
    return (JSON.parse(text) as { data?: Record<string, unknown> }).data
  } catch {
    return undefined
  }
}

const PROXY: Record<string, string> = {
  koa: 'new Koa({ proxy: true, maxIpsCount: 1 }) // as many as there are proxies',
  express: "app.set('trust proxy', 1) // as many as there are proxies",
}

export function coverageChecks(covered: readonly Covered[]): Check[] {
  return [...covered.flatMap(checksOf), ...differingKeys(covered)]
}

function checksOf(one: Covered): Check[] {
  const { log, hooks, unhooked, forwardedIgnored, seen } = one
  if (!hooks) return []
  const names = Object.keys(hooks).filter((hook) => !hook.includes('.'))
  const checks = [
    names.length
      ? ok('coverage', `hooked: ${names.join(', ')}`)
      : warn(
          'coverage',
          'nothing is hooked: only what the application records itself is in this log',
          'npx trailproof init',
        ),
  ]
  const idle = seen && names.filter((hook) => !seen[hook])
  if (idle?.length) checks.push(ok('never-seen', `in place, and nothing seen yet: ${idle.join(', ')}`))
  for (const { library, at, fix } of unhooked)
    checks.push(warn('unhooked', `${library} (${at}) is loaded, and nobody watches it`, fix))
  if (forwardedIgnored) {
    const fix = PROXY[names.includes('koa') ? 'koa' : 'express']!
    checks.push(
      warn(
        'proxy',
        'requests come with X-Forwarded-For, and no proxy is trusted: addresses are those of the peer',
        fix,
      ),
    )
  }
  const nest = hooks['nestjs']
  if (nest?.['guards'] === 'by answer only')
    checks.push(
      warn(
        'guards',
        'this Nest asks its guards in a way that is not known: denials outside of HTTP are not seen',
        'update @trailproof/nestjs',
      ),
    )
  if (nest && nest['shutdown_hooks'] !== undefined && nest['shutdown_hooks'] !== true)
    checks.push(
      warn(
        'shutdown',
        'Nest does not listen to signals: the log is written out, but not closed',
        'app.enableShutdownHooks() // before app.listen()',
      ),
    )
  return checks.map((check) => ({ ...check, log }))
}

/** Instances of one service must share the root key, or one person has two references. */
function differingKeys(covered: readonly Covered[]): Check[] {
  const services = new Map<string, Covered[]>()
  const living = covered.filter(({ held }) => held)
  for (const one of living.length > 1 ? living : covered) {
    const service = one.log.replace(/-\d+$/, '')
    if (one.rootKey) services.set(service, [...(services.get(service) ?? []), one])
  }
  return [...services].flatMap(([service, logs]) => {
    const keys = new Set(logs.map(({ rootKey }) => rootKey))
    if (keys.size < 2) return []
    const told = logs.map(({ log, rootKey }) => `${log} ${rootKey}`).join(', ')
    return fail(
      'root-key',
      `instances of ${service} were started with differing root keys (${told}): the same person has several references`,
      'give all instances the same .trailproof, or the same TRAILPROOF_ROOT_KEY',
    )
  })
}
