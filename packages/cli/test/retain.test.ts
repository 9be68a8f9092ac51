// Retention as an operator does it, on real folders, with real processes.
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createAudit, fileWriter, followLog, generateKeys, readLog, retainLog, verifyRoot } from '@trailproof/core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { checkLog } from '../../testkit/src/check-log.js'
import { run, runJson } from './run.js'

const DAY = 86_400_000
const made: string[] = []
const temp = () => {
  const dir = mkdtempSync(join(tmpdir(), 'tp-retain-'))
  made.push(dir)
  return dir
}
afterAll(() => {
  for (const dir of made) rmSync(dir, { recursive: true, force: true })
})

/** A year and a half of records, four segments a hundred days each; made once, and copied. */
let template: string
let keys: string
let publicKey: string

beforeAll(async () => {
  keys = join(temp(), 'keys')
  publicKey = generateKeys(keys).publicKey
  template = join(temp(), 'audit')
  for (const age of [500, 450, 300, 20]) await live(template, age, 300)
}, 120_000)

/** A process that lives for a moment, so many days ago. */
async function live(root: string, age: number, records: number, options = {}): Promise<void> {
  const then = Date.now() - age * DAY
  let tick = 0
  const audit = createAudit({
    service: 'shop',
    writer: fileWriter(root, { segmentRecords: 256 }),
    keys: { dir: keys },
    heartbeatEveryMs: 0,
    clock: { now: () => then + tick++ },
    ...options,
  })
  await audit.ready
  for (let i = 0; i < records; i++)
    void audit.record({ event: 'admin.action', data: { i, age } }, { wait: 'queued' }).catch(() => {})
  await audit.close()
}

function copy(): string {
  const root = join(temp(), 'audit')
  cpSync(template, root, { recursive: true })
  // Another copy has grown since: the mark beside the keys would rightly call this one rolled back.
  rmSync(join(keys, 'high-water'), { recursive: true, force: true })
  return root
}

const log = (root: string) => join(root, 'shop-0')
const segments = (root: string) => readdirSync(join(log(root), 'seg')).sort()
const verify = (root: string) => verifyRoot(root, { keys: [publicKey] })
const purged = (root: string, more: string[] = []) =>
  run(['retain', root, '--older-than', '400d', '--yes', '--keys', keys, ...more])

describe('trailproof retain', () => {
  it('says what it would remove, and without --yes removes nothing', () => {
    const root = copy()
    const before = segments(root)
    const dry = run(['retain', root, '--older-than', '400d', '--dry-run'])
    expect(dry).toMatchObject({ code: 0, err: '' })
    expect(dry.out).toMatch(
      /^shop-0: records 0 to 511 would be removed: 2 segments, 0\.\d MB, the newest of \d{4}-\d\d-\d\d\n$/,
    )
    const bare = run(['retain', root, '--older-than', '400d'])
    expect(bare.code).toBe(2)
    expect(bare.out).toContain('nothing was removed: add --yes')
    expect(segments(root)).toEqual(before)
  })

  it('removes old segments under a signed record; the rest verifies, reads, and is written on', async () => {
    const root = copy()
    const kept = readFileSync(join(log(root), 'seg', segments(root)[2]!))
    expect(purged(root)).toMatchObject({ code: 0, err: '' })
    expect(segments(root)[0]).toBe('00000000000000000512.jsonl')
    expect(readFileSync(join(log(root), 'seg', segments(root)[0]!)).equals(kept)).toBe(true)

    const report = await verify(root)
    expect(report.logs[0]!.problems).toEqual([])
    const { purged: said, notes } = report.logs[0]!
    expect(said).toMatchObject({ to: 512 })
    const today = new Date().toISOString().slice(0, 10)
    expect(notes).toContainEqual({
      kind: 'purged',
      from: 0,
      to: 512,
      detail: `records 0 to 511 were purged on ${today} under the signed record ${said!.index}, their hashes verify`,
    })
    expect(run(['verify', root, '--key', publicKey]).out).toContain('records 0 to 511 were purged')
    expect(checkLog(log(root), { tiles: true }).begin).toBe(512)

    const records: Record<string, unknown>[] = []
    for await (const { index, bytes } of readLog(log(root)))
      records.push({ index, ...JSON.parse(Buffer.from(bytes).toString()) })
    expect(records[0]).toMatchObject({ index: 512, seq: 512 })
    expect(records.find(({ event }) => event === 'audit.retention_purged')).toMatchObject({
      index: said!.index,
      source: 'audit',
      actor: { type: 'system' },
      data: {
        from: 0,
        to: 512,
        root: expect.stringMatching(/^[A-Za-z0-9+/]{43}=$/),
        older_than_days: 400,
        segments: ['00000000000000000000.jsonl', '00000000000000000256.jsonl'],
        by: expect.stringMatching(/^trailproof retain/),
      },
    })
    expect(run(['tail', root, '-n', '1000']).code).toBe(0)
    expect(run(['doctor', root, '--keys', keys]).out).not.toContain('fail')

    await live(root, 0, 300)
    expect((await verify(root)).ok).toBe(true)
    expect(checkLog(log(root), { tiles: true }).begin).toBe(512)
    const again = runJson(['retain', root, '--older-than', '400d', '--yes', '--keys', keys])
    expect(again).toMatchObject({ code: 0, json: { ok: true, logs: [{ log: 'shop-0', runs: [{ resumed: 0 }] }] } })
  })

  it('a second purge takes the record of the first with it, and one record still says everything', async () => {
    const root = copy()
    const monthAgo = () => Date.now() - 30 * DAY
    const [first] = await retainLog(log(root), { olderThanDays: 400, by: 'a test', keys, now: monthAgo })
    expect(first).toMatchObject({ purged: { from: 0, to: 512 }, resumed: 0 })
    await live(root, 10, 600)
    const all = run(['retain', root, '--older-than', '5d', '--yes', '--keys', keys])
    expect(all).toMatchObject({ code: 0, err: '' })
    const { problems, purged: said } = (await verify(root)).logs[0]!
    expect(problems).toEqual([])
    expect(said!.to).toBeGreaterThan(1280)
    await live(root, 0, 10)
    expect((await verify(root)).logs[0]!.problems).toEqual([])
  })

  it('a living process keeps its log: exit 2, and what to do', async () => {
    const root = copy()
    const audit = createAudit({ service: 'shop', writer: fileWriter(root), keys: { dir: keys }, heartbeatEveryMs: 0 })
    await audit.ready
    const { code, out } = purged(root)
    expect(code).toBe(2)
    expect(out).toContain('a living process holds it (the process purges by itself when its option "retention" is set)')
    expect(run(['retain', root, '--older-than', '400d', '--dry-run']).code).toBe(0)
    await audit.close()
    expect(purged(root).code).toBe(0)
  })

  it('a legal hold, other keys, no keys, and a log that was tampered with: nothing is removed', () => {
    const root = copy()
    const before = segments(root)
    writeFileSync(join(log(root), 'hold'), '')
    expect(purged(root)).toMatchObject({ code: 2, out: expect.stringContaining('a legal hold stands') })
    rmSync(join(log(root), 'hold'))

    const others = join(temp(), 'keys')
    generateKeys(others)
    expect(run(['retain', root, '--older-than', '400d', '--yes', '--keys', others]).code).toBe(1)
    const none = join(temp(), 'none')
    const without = run(['retain', root, '--older-than', '400d', '--yes', '--keys', none])
    expect(without).toMatchObject({ code: 2, out: expect.stringContaining('TRAILPROOF_KEY_MISSING') })
    expect(existsSync(none)).toBe(false)

    const path = join(log(root), 'seg', before[3]!)
    writeFileSync(path, readFileSync(path, 'utf8').replace('"age":300', '"age":301'))
    expect(purged(root)).toMatchObject({ code: 1, out: expect.stringContaining('it does not verify') })
    expect(segments(root)).toEqual(before)
    expect(readdirSync(root).filter((name) => !name.endsWith('.lock'))).toEqual(['shop-0'])
  })

  it('limits are days', () => {
    expect(run(['retain', 'audit', '--older-than', '0d']).code).toBe(2)
    expect(run(['retain', 'audit', '--older-than', '400']).err).toContain('number of days')
  })
})

describe('a purged log', () => {
  it('a follower that stands before the removed lines steps over them', async () => {
    const root = copy()
    const stop = new AbortController()
    const seen: number[] = []
    const following = (async () => {
      for await (const { index } of followLog(log(root), { from: 100, signal: stop.signal, pollMs: 20 })) {
        seen.push(index)
        if (seen.length === 1) purged(root)
        if (index >= 1210) stop.abort()
      }
    })()
    await following
    expect(seen[0]).toBe(100)
    expect(seen.at(-1)).toBeGreaterThanOrEqual(1210)
    expect([...seen].sort((a, b) => a - b)).toEqual(seen)
    expect(seen).toContain(512)
  })

  it('a removed segment that is put back is a note; a changed one is found', async () => {
    const root = copy()
    const first = segments(root)[0]!
    expect(purged(root).code).toBe(0)
    copyFileSync(join(log(template), 'seg', first), join(log(root), 'seg', first))
    const back = (await verify(root)).logs[0]!
    expect(back.problems).toEqual([])
    expect(back.notes).toContainEqual({
      kind: 'leftover',
      detail: expect.stringContaining('256 purged records still stand'),
    })
    const text = readFileSync(join(log(root), 'seg', first), 'utf8')
    writeFileSync(join(log(root), 'seg', first), text.replace('"i":7,', '"i":8,'))
    expect((await verify(root)).logs[0]!.problems).toEqual([
      { kind: 'altered', index: expect.any(Number), detail: expect.stringContaining('stands here again, changed') },
    ])
    await live(root, 0, 5) // the log goes on all the same
    rmSync(join(log(root), 'seg', first))
    expect((await verify(root)).ok).toBe(true)
  })
})
