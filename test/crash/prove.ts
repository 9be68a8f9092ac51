// After any crash: nothing acknowledged is lost, nothing stands there twice, verify calls it a crash and no tampering, and
// the logs go on.
import { execFile } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { type LogRecord, type RootReport, verifyRoot } from '@trailproof/core'
import { expect } from 'vitest'
import { checkLog } from '../../packages/testkit/src/check-log.js'
import { CLI } from './build.js'
import type { Acknowledged, OpenedLog } from './process.js'
import type { Scene } from './scene.js'

export type StoredRecord = LogRecord & { seq: number }

export interface ProvenLog {
  /** `shop-0` */
  name: string
  records: StoredRecord[]
  /** As the process said that went on with it. */
  opened: OpenedLog
}

export interface Proof {
  logs: ProvenLog[]
  /** What verify said before anyone had opened the logs again. */
  before: RootReport
}

/** `trailproof verify --json`, as an operator would call it. */
export function verify(path: string, keys: string[] = []): Promise<{ exit: number; report: RootReport }> {
  const options = keys.flatMap((key) => ['--key', key])
  return new Promise((resolve, reject) => {
    const child = execFile(
      process.execPath,
      [CLI, 'verify', path, '--json', ...options],
      { maxBuffer: 64 * 2 ** 20 },
      (_, stdout, stderr) =>
        stdout ? resolve({ exit: child.exitCode!, report: JSON.parse(stdout) }) : reject(new Error(stderr)),
    )
  })
}

/**
 * Proves what the applications of a scene left in a folder; none of them writes to it any more.
 *
 * @param options.dir - a copy of the folder, or another one; default the scene's
 * @param options.acknowledged - receipts given out until then; default all
 * @param options.gaps - records were refused by name, so that their numbers are missing
 */
export async function prove(
  scene: Scene,
  options: { dir?: string; acknowledged?: readonly Acknowledged[]; gaps?: boolean } = {},
): Promise<Proof> {
  const { dir = scene.dir, gaps = false } = options
  const before = await verify(dir)
  const { exit, report } = before
  if (exit !== 0 || !report.ok)
    expect.fail(`a crash is no tampering, but verify ends with ${exit}: ${JSON.stringify(report)}`)

  const names = logsIn(dir)
  const acknowledged = [...(options.acknowledged ?? scene.applications.flatMap((one) => one.acknowledged))]
  const vkeys = new Set(scene.applications.flatMap(({ opened }) => opened.map(({ vkey }) => vkey)))
  if (options.dir !== undefined) scene.forgetMark()
  const next = scene.start({ dir })
  for (const _ of names.slice(1)) next.tell('open')
  await next.ready(names.length)
  expect(await next.do('each'), 'the logs go on').toBeNull()
  await next.close()
  acknowledged.push(...next.acknowledged)

  const logs = names.map((name): ProvenLog => {
    const { origin } = checkLog(join(dir, name))
    const mine = acknowledged.filter((one) => one.origin === origin)
    const { lines, syncedSize } = checkLog(join(dir, name), { acknowledged: mine, tiles: true })
    expect(syncedSize).toBe(lines.length)
    const opened = next.opened.find((one) => one.origin === origin)
    expect(opened, `${name} was opened again`).toBeDefined()
    const records = lines.map((line) => JSON.parse(line) as StoredRecord)
    for (const { index, id, k } of mine) expect(records[index]).toMatchObject({ id, data: { k } })
    return { name, records, opened: opened! }
  })
  expect(next.opened.filter(({ damaged }) => damaged)).toEqual([])
  expectOnce(acknowledged.map(({ id }) => id))
  expectOnce(logs.flatMap(({ records }) => records.map(({ id }) => id)))
  const origins = new Set(logs.map(({ opened }) => opened.origin))
  for (const { origin } of acknowledged) expect(origins, 'a log is gone').toContain(origin)
  expectNumbered(logs, gaps)

  for (const { vkey } of next.opened) vkeys.add(vkey)
  const after = await verifyRoot(dir, { keys: [...vkeys] })
  expect(after).toMatchObject({ ok: true, trust: 'key' })
  for (const { name, opened } of logs) {
    const report = after.logs.find((log) => log.name === name)!
    expect(report.unsigned).toBe(0)
    const { from, to } = opened.recovered ?? {}
    if (from !== to) expect(report.recovered, 'verify names what was recovered').toContainEqual({ from, to })
  }
  return { logs, before: before.report }
}

/** The log folders under a root. */
export function logsIn(dir: string): string[] {
  return readdirSync(dir, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'))
    .map(({ name }) => name)
    .sort()
}

/** The numbers `n` of each instance stand in one log, in order, and begin at 1. */
function expectNumbered(logs: readonly ProvenLog[], gaps: boolean): void {
  const last = new Map<string, { n: number; name: string }>()
  for (const { name, records } of logs)
    for (const { n, service } of records) {
      if (n === undefined) continue // the audit's own
      const instance = service.instance!
      const before = last.get(instance) ?? { n: 0, name }
      if (name !== before.name) expect.fail(`${instance} wrote to ${before.name} and to ${name}`)
      if (gaps ? n <= before.n : n !== before.n + 1) expect.fail(`${n} follows ${before.n} of ${instance} in ${name}`)
      last.set(instance, { n, name })
    }
}

function expectOnce(ids: readonly string[]): void {
  expect(new Set(ids).size).toBe(ids.length)
}
