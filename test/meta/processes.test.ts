// The collector as a process, over processes of a service that are killed, and killed itself at any moment.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { cpSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeAll, expect, it } from 'vitest'
import { readLog, verifyRoot } from '../../packages/core/src/index.js'
import { buildCli, cleanUp, tempDir } from '../witness/processes.js'

const bin = join(import.meta.dirname, '..', '..', 'packages', 'cli', 'bin', 'trailproof.js')
const running = new Set<ChildProcess>()

beforeAll(() => buildCli(), 120_000)
afterEach(async () => {
  for (const child of running) await end(child, 'SIGKILL')
  await cleanUp()
})

function begin(args: string[]): { child: ChildProcess; next(): Promise<string> } {
  const { NODE_ENV: _, ...env } = process.env
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'], env })
  running.add(child)
  child.once('close', () => running.delete(child))
  const lines = createInterface({ input: child.stdout! })[Symbol.asyncIterator]()
  return { child, next: async () => (await lines.next()).value as string }
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<number | null> {
  const closed = new Promise<number | null>((resolve) => child.once('close', resolve))
  if (child.exitCode !== null || child.signalCode !== null) return child.exitCode
  child.kill(signal)
  return closed
}

function once(root: string, ...more: string[]) {
  const keys = join(root, '.meta-keys')
  const args = [bin, 'meta', root, '--once', '--json', '--keys', keys, '--silent-after', '3s', ...more]
  const { status, stdout } = spawnSync(process.execPath, args, { encoding: 'utf8' })
  const { findings, began, ended } = JSON.parse(stdout) as Record<string, { kind: string; folder: string }[]>
  const kinds = (of: typeof findings) => of!.map(({ kind, folder }) => [kind, folder])
  return { status, findings: kinds(findings), began: kinds(began), ended: kinds(ended) }
}

async function service(root: string): Promise<ChildProcess> {
  const { child, next } = begin([join(import.meta.dirname, 'service.mjs'), root, join(root, '.trailproof'), 'shop'])
  expect(await next()).toBe('ready')
  return child
}

async function until(holds: () => boolean): Promise<void> {
  for (const limit = Date.now() + 60_000; !holds(); await sleep(200))
    if (Date.now() > limit) throw new Error('it never held')
}

it('a killed process is silent, a stopped one is not, and a folder put back to an older state is found', async () => {
  const root = tempDir()
  const [first, second] = [await service(root), await service(root)]
  const old = join(tempDir(), 'old')
  cpSync(join(root, 'shop-0'), old, { recursive: true })
  await sleep(500)
  expect(once(root, '--expect', 'shop:2')).toEqual({ status: 0, findings: [], began: [], ended: [] })
  expect(await end(first, 'SIGTERM')).toBe(0)
  await end(second, 'SIGKILL')
  await until(() => once(root).findings.length > 0)
  expect(once(root)).toEqual({ status: 1, findings: [['silent', 'shop-1']], began: [], ended: [] })
  rmSync(join(root, 'shop-0'), { recursive: true })
  cpSync(old, join(root, 'shop-0'), { recursive: true })
  rmSync(join(root, 'shop-1'), { recursive: true })
  const { status, began, ended } = once(root)
  expect({ status, began, ended }).toEqual({
    status: 1,
    began: [
      ['rolled_back', 'shop-0'],
      ['missing', 'shop-1'],
    ],
    ended: [['silent', 'shop-1']],
  })
  expect((await verifyRoot(join(root, 'shop-0'))).ok).toBe(true)
  const verified = spawnSync(process.execPath, [bin, 'verify', root, '--meta', join(root, 'meta-0'), '--json'])
  const { logs } = JSON.parse(String(verified.stdout)) as { logs: { name: string; problems: { kind: string }[] }[] }
  expect([verified.status, logs.map(({ problems }) => problems.map(({ kind }) => kind))]).toEqual([
    1,
    [[], ['rolled_back'], ['rolled_back']],
  ])
}, 120_000)

it('killed between and within rounds, the collector repeats nothing and forgets nothing', async () => {
  const root = tempDir()
  const process1 = await service(root)
  expect(once(root).status).toBe(0)
  await end(process1, 'SIGKILL')
  const args = [
    bin,
    'meta',
    root,
    '--every',
    '1s',
    '--silent-after',
    '3s',
    '--json',
    '--keys',
    join(root, '.meta-keys'),
  ]
  for (const afterMs of [0, 100, 350, 600, 1500, 2500, 3500]) {
    const { child, next } = begin(args)
    if (afterMs > 300) await next()
    await sleep(afterMs)
    await end(child, 'SIGKILL')
  }
  await until(() => once(root).findings.length > 0)
  rmSync(join(root, 'shop-0'), { recursive: true })
  const { child, next } = begin(args)
  expect(JSON.parse(await next())).toMatchObject({ began: [{ kind: 'missing' }], ended: [{ kind: 'silent' }] })
  expect(await end(child, 'SIGTERM')).toBe(1) // it ends in good order, and something is wrong
  const told: string[] = []
  for await (const { bytes } of readLog(join(root, 'meta-0'))) {
    const { event } = JSON.parse(Buffer.from(bytes).toString()) as { event: string }
    if (/process_|finding/.test(event)) told.push(event)
  }
  expect(told).toEqual(['audit.process_silent', 'audit.process_missing', 'audit.finding_ended'])
  expect(readFileSync(join(root, 'meta-0', 'checkpoint'), 'utf8')).toContain('meta/')
  const { ok, logs } = await verifyRoot(root)
  expect([ok, logs.map(({ name }) => name)]).toEqual([true, ['meta-0']])
}, 120_000)

it('a folder that is not there is no reason to begin a meta-log', () => {
  const root = join(tempDir(), 'typo')
  const { status, stderr } = spawnSync(process.execPath, [bin, 'meta', root, '--once'], { encoding: 'utf8' })
  expect([status, stderr.split(':')[0]]).toEqual([2, 'TRAILPROOF_LOG_NOT_FOUND'])
})
