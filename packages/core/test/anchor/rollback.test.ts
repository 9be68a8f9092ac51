// What anchors are for: an older state of a log, put back as a whole, is genuine in itself. With an anchor it is found.
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import {
  type Anchor,
  type Audit,
  type AuditOptions,
  createAudit,
  fileWriter,
  memoryKeys,
  memoryWriter,
  TrailproofError,
  verifyRoot,
} from '../../src/index.js'
import { temporaryFolder } from '../support.js'
import { eventually, MemoryAnchor } from './support.js'

function open(dir: string, options: Partial<AuditOptions>): Audit {
  const audit = createAudit({
    service: 'shop',
    writer: fileWriter(join(dir, 'audit')),
    heartbeatEveryMs: 0,
    anchorEveryMs: 100,
    ...options,
  })
  onTestFinished(() => audit.close().catch(() => {}))
  return audit
}

const linesOf = (log: string) =>
  readdirSync(join(log, 'seg'))
    .sort()
    .flatMap((name) =>
      readFileSync(join(log, 'seg', name), 'utf8')
        .split('\n')
        .filter(Boolean),
    )
    .map((line) => JSON.parse(line))

async function life(dir: string, options: Partial<AuditOptions>, events: number) {
  const audit = open(dir, options)
  const opened = await audit.ready
  for (let i = 0; i < events; i++) await audit.record({ event: 'login.failed' })
  await audit.close()
  return { audit, opened }
}

/** Every byte of a folder, by name. */
const bytesOf = (dir: string) =>
  new Map(
    readdirSync(dir, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => [join(entry.parentPath, entry.name), readFileSync(join(entry.parentPath, entry.name), 'hex')]),
  )

/** A log of two lives, and a copy of it as it stood between them. */
async function twoLives(options: Partial<AuditOptions>) {
  const dir = temporaryFolder()
  const log = join(dir, 'audit', 'shop-0')
  const { opened } = await life(dir, options, 3)
  cpSync(log, join(dir, 'older'), { recursive: true })
  await life(dir, options, 4)
  const rollBack = () => {
    rmSync(log, { recursive: true })
    cpSync(join(dir, 'older'), log, { recursive: true })
  }
  return { dir, log, rollBack, origin: opened.origin, vkey: opened.vkey }
}

it('a log put back to an older state is frozen, byte for byte, and a new one cites it with the size here and there', async () => {
  const anchor = new MemoryAnchor()
  const options = { keys: memoryKeys(), anchors: [anchor] }
  const { dir, log, rollBack, origin, vkey } = await twoLives(options)
  rollBack()
  const before = bytesOf(log)
  expect((await verifyRoot(log, { keys: [vkey] })).ok).toBe(true) // nothing here shows it
  const size = linesOf(log).length
  const known = anchor.notes.at(-1)!

  const { audit, opened } = await life(dir, options, 2)
  expect(opened).toMatchObject({
    size: 0,
    damaged: { code: 'TRAILPROOF_LOG_ROLLED_BACK', origin, size, expected: known.size },
  })
  expect(opened.origin).not.toBe(origin)
  expect(audit.health()).toMatchObject({ status: 'red', problems: [{ code: 'TRAILPROOF_LOG_ROLLED_BACK' }] })
  expect(bytesOf(log)).toEqual(before)
  const [first, second] = linesOf(join(dir, 'audit', 'shop-0.e2'))
  expect(first).toMatchObject({
    event: 'audit.integrity_failed',
    data: {
      origin,
      kind: 'rollback',
      size,
      anchor: 'elsewhere',
      known_size: known.size,
      known_checkpoint: known.note,
      checkpoint: readFileSync(join(log, 'checkpoint'), 'utf8'),
    },
  })
  expect(second).toMatchObject({
    event: 'audit.started',
    data: { anchors: [{ kind: 'memory', name: 'elsewhere' }] },
  })

  // From here on the new log goes on, and the old one stays as it is.
  const third = await life(dir, options, 1)
  expect([third.opened.origin, third.opened.damaged, bytesOf(log)]).toEqual([opened.origin, undefined, before])
})

it('a log that was put back and has grown again while no anchor was asked is found as well', async () => {
  const anchor = new MemoryAnchor()
  const keys = memoryKeys()
  const { dir, rollBack, origin } = await twoLives({ keys, anchors: [anchor] })
  rollBack()
  await life(dir, { keys }, 40)
  const { size } = anchor.notes.at(-1)!
  const { opened } = await life(dir, { keys, anchors: [anchor] }, 1)
  expect(opened.damaged).toMatchObject({ code: 'TRAILPROOF_LOG_ROLLED_BACK', origin, expected: size })
  expect(opened.damaged?.message).toContain(`its first ${size} records are not those that the anchor "elsewhere" knows`)
})

it('a log whose tiles are gone is no fork', async () => {
  const anchor = new MemoryAnchor()
  const keys = memoryKeys()
  const { dir, log, origin } = await twoLives({ keys, anchors: [anchor] })
  await life(dir, { keys }, 300)
  rmSync(join(log, 'tile'), { recursive: true })
  mkdirSync(join(log, 'tile'))
  expect((await life(dir, { keys, anchors: [anchor] }, 1)).opened).toMatchObject({ origin })
})

/** A running log, and a larger one that somebody with a copy of its folder and its keys has written elsewhere. */
async function running(options: Partial<AuditOptions>) {
  const dir = temporaryFolder()
  const keys = memoryKeys()
  const log = join(dir, 'audit', 'shop-0')
  const audit = open(dir, { keys, ...options })
  const { origin } = await audit.ready
  await audit.record({ event: 'login.failed' }, { wait: 'checkpointed' })
  cpSync(log, join(dir, 'thief', 'audit', 'shop-0'), { recursive: true })
  const forge = async () => {
    await life(join(dir, 'thief'), { keys: options.keys ?? keys }, 20)
    return readFileSync(join(dir, 'thief', 'audit', 'shop-0', 'checkpoint'), 'utf8')
  }
  return { dir, log, audit, origin, forge }
}

const recordsOf = (lines: { event: string; data?: { n?: number } }[]) =>
  lines.filter(({ event }) => event === 'admin.action').map(({ data }) => data!.n)

it('a running log that an anchor contradicts is frozen, and what comes goes to a new one, whole and in order', async () => {
  const anchor = new MemoryAnchor()
  const { dir, log, audit, origin, forge } = await running({ anchors: [anchor] })
  const note = await forge()
  let shown = false
  anchor.latest = async (asked) => (shown && asked === origin ? note : undefined)
  anchor.publish = async (checkpoint) => {
    if (shown && checkpoint.origin === origin)
      throw new TrailproofError('TRAILPROOF_ANCHOR_CONFLICT', 'the anchor knows a larger log')
    return MemoryAnchor.prototype.publish.call(anchor, checkpoint)
  }
  const receipts: Promise<{ origin?: string; index?: number }>[] = []
  let n = 0
  const record = () => receipts.push(audit.record({ event: 'admin.action', data: { n: n++ } }, { wait: 'durable' }))
  for (let i = 0; i < 50; i++) record()
  await Promise.all(receipts)
  shown = true
  const writing = setInterval(record, 1)
  onTestFinished(() => clearInterval(writing))
  await eventually(() => existsSync(join(dir, 'audit', 'shop-0.e2', 'checkpoint')))
  await eventually(() => anchor.notes.some((one) => one.origin !== origin))
  clearInterval(writing)
  record()
  const given = await Promise.all(receipts)
  expect(audit.health()).toMatchObject({
    status: 'red',
    problems: [{ code: 'TRAILPROOF_LOG_ROLLED_BACK' }],
    dropped: 0,
    log: { state: 'writing' },
    anchors: [{ name: 'elsewhere' }],
  })
  const frozen = bytesOf(log)
  await audit.close()
  expect(bytesOf(log)).toEqual(frozen)

  const [before, after] = [linesOf(log), linesOf(join(dir, 'audit', 'shop-0.e2'))]
  const written = [...recordsOf(before), ...recordsOf(after)]
  expect(written).toEqual(Array.from({ length: n }, (_, i) => i))
  expect(recordsOf(after).length).toBeGreaterThan(0)
  for (const [i, { origin: where, index }] of given.entries())
    expect((where === origin ? before : after)[index!].data.n).toBe(i)
  expect(after[0]).toMatchObject({
    event: 'audit.integrity_failed',
    data: { origin, kind: 'rollback', anchor: 'elsewhere', known_checkpoint: note },
  })
  expect(after[1]).toMatchObject({ event: 'audit.started' })
  expect(before.at(-1).event).not.toBe('audit.stopped')
  const report = await verifyRoot(join(dir, 'audit'))
  expect(report.logs.map(({ problems }) => problems)).toEqual([[], []])
  expect(readFileSync(join(log, 'checkpoint'), 'utf8')).toContain(`\n${before.length}\n`) // signed to its end
})

it('the mark beside the keys freezes a running log as well, and is not written over', async () => {
  const keys = { dir: join(temporaryFolder(), 'keys') }
  const { dir, audit, origin, forge } = await running({ keys })
  const marks = () => readdirSync(join(keys.dir, 'high-water')).filter((name) => !name.startsWith('.'))
  await eventually(() => existsSync(join(keys.dir, 'high-water')) && marks().length > 0)
  const [name] = marks()
  const mark = join(keys.dir, 'high-water', name!)
  const mine = readFileSync(mark)
  const note = await forge()
  // The thief's own start has left its mark in the very same place.
  expect(readFileSync(mark).equals(mine)).toBe(false)
  await audit.record({ event: 'login.failed' }) // or there is nothing to mark, and it is only looked at once a minute
  await eventually(() => existsSync(join(dir, 'audit', 'shop-0.e2', 'checkpoint')))
  expect(audit.health().problems).toMatchObject([{ code: 'TRAILPROOF_LOG_ROLLED_BACK' }])
  expect(readFileSync(mark, 'utf8')).toBe(note)
  expect(origin).not.toBe(audit.health().log.origin)
})

it('an anchor that merely says so, without a checkpoint of our key, freezes nothing', async () => {
  const anchor = new MemoryAnchor()
  const { dir, audit, origin } = await running({ anchors: [anchor] })
  anchor.latest = async () => anchor.notes.at(-1)!.note.replace(/\n\d+\n/, '\n9999\n')
  anchor.publish = async () => {
    throw new TrailproofError('TRAILPROOF_ANCHOR_CONFLICT', 'the anchor knows a larger log')
  }
  await audit.record({ event: 'login.failed' }, { wait: 'checkpointed' })
  await eventually(() => audit.health().status === 'red')
  await audit.record({ event: 'login.failed' }, { wait: 'checkpointed' })
  expect(audit.health()).toMatchObject({ log: { origin }, problems: [{ code: 'TRAILPROOF_ANCHOR_CONFLICT' }] })
  expect(existsSync(join(dir, 'audit', 'shop-0.e2'))).toBe(false)
})

it('a log that was emptied is no new log', async () => {
  const anchor = new MemoryAnchor()
  const options = { keys: memoryKeys(), anchors: [anchor] }
  const { dir, log, origin } = await twoLives(options)
  for (const name of ['seg', 'tile', 'checkpoint', 'checkpoints.log']) rmSync(join(log, name), { recursive: true })
  const { opened } = await life(dir, options, 1)
  expect(opened.damaged).toMatchObject({ code: 'TRAILPROOF_LOG_ROLLED_BACK', origin, size: 0 })
})

it('a note that another key signed, or of another log, says nothing', async () => {
  const anchor = new MemoryAnchor()
  const keys = memoryKeys()
  const { dir, origin } = await twoLives({ keys, anchors: [anchor] })
  const other = new MemoryAnchor()
  await twoLives({ keys: memoryKeys(), anchors: [other] })
  const forged = other.notes
    .at(-1)!
    .note.replaceAll(other.notes.at(-1)!.origin, origin)
    .replace(/\n\d+\n/, '\n9999\n')
  const liar: Anchor = {
    kind: 'memory',
    name: 'liar',
    publish: async () => ({ files: [] }),
    latest: async () => forged,
  }
  expect((await life(dir, { keys, anchors: [anchor, liar] }, 1)).opened).toMatchObject({ origin })
})

it('an anchor that cannot be asked is a warning in health, and the log is opened', async () => {
  const anchor = new MemoryAnchor()
  const keys = memoryKeys()
  const { dir, origin } = await twoLives({ keys, anchors: [anchor] })
  anchor.mode = 'fail'
  const { audit, opened } = await life(dir, { keys, anchors: [anchor] }, 1)
  expect(opened).toMatchObject({ origin })
  expect(audit.health().anchors).toMatchObject([
    { name: 'elsewhere', warning: expect.stringMatching(/could not be asked at the start .*connection refused/) },
  ])
})

it('an anchor that hangs delays neither a record nor the end for long', async () => {
  const anchor = new MemoryAnchor()
  anchor.latest = async () => undefined
  anchor.mode = 'hang'
  const audit = open(temporaryFolder(), { keys: memoryKeys(), anchors: [anchor] })
  await audit.ready
  await eventually(() => anchor.calls === 1)
  await audit.record({ event: 'login.failed' }, { wait: 'checkpointed' })
  const began = performance.now()
  await audit.close()
  expect(performance.now() - began).toBeLessThan(10_000)
})

it('failures and recoveries of an anchor are records, and its receipts are kept beside the log', async () => {
  const dir = temporaryFolder()
  const anchor = new MemoryAnchor()
  anchor.mode = 'fail'
  const audit = open(dir, { keys: memoryKeys(), anchors: [anchor], anchorRedAfterMs: 0 })
  await audit.record({ event: 'login.failed' })
  await audit.flush()
  await eventually(() => audit.health().status === 'red')
  expect(audit.health().problems).toMatchObject([{ code: 'TRAILPROOF_ANCHOR_FAILED' }])
  anchor.mode = 'work'
  await eventually(() => audit.health().status === 'green')
  await audit.close()
  const log = join(dir, 'audit', 'shop-0')
  const lines = linesOf(log)
  expect(lines.filter(({ event }) => event.startsWith('audit.sink_'))).toMatchObject([
    {
      event: 'audit.sink_failed',
      data: { sink: 'elsewhere', kind: 'anchor.memory', code: 'TRAILPROOF_ANCHOR_FAILED' },
    },
    { event: 'audit.sink_recovered', data: { sink: 'elsewhere', kind: 'anchor.memory' } },
  ])
  // The last attempt covers the last word.
  expect([lines.at(-1).event, anchor.notes.at(-1)!.size]).toEqual(['audit.stopped', lines.length])
  expect(readFileSync(join(log, 'anchors', `elsewhere-${lines.length}.receipt`), 'utf8')).toBe('seen')
  expect((await verifyRoot(log)).logs[0]).toMatchObject({ problems: [], notes: [] })
})

it('anchors prove with the log’s own tiles that it has only grown', async () => {
  const { treeHasher, verifyConsistency } = await import('@trailproof/tlog')
  const { sha256 } = await import('../../src/log/crypto.js')
  const writers = [fileWriter(join(temporaryFolder(), 'audit')), memoryWriter()]
  for (const writer of writers) {
    let last: { size: number; root: Uint8Array } | undefined
    const proved: boolean[] = []
    const anchor: Anchor = {
      kind: 'test',
      name: 'prover',
      async publish({ size, root }, prove) {
        if (last && last.size < size)
          proved.push(
            verifyConsistency(treeHasher(sha256), {
              first: last.size,
              second: size,
              firstRoot: last.root,
              secondRoot: root,
              proof: await prove(last.size),
            }),
          )
        last = { size, root }
        return { files: [] }
      },
    }
    const audit = open(temporaryFolder(), { writer, keys: memoryKeys(), anchors: [anchor] })
    for (let i = 0; i < 6; i++) {
      await Promise.all(Array.from({ length: 97 }, () => audit.record({ event: 'login.failed' })))
      await audit.flush()
      await eventually(() => (last?.size ?? 0) >= 97 * (i + 1))
    }
    await audit.close()
    expect(proved.length).toBeGreaterThan(4)
    expect(proved).not.toContain(false)
  }
})

it('the mark in the folder of the keys finds a rollback with no anchor at all, unless it was put back too', async () => {
  const dir = temporaryFolder()
  const keys = { dir: join(dir, 'keys') }
  const log = join(dir, 'audit', 'shop-0')
  const { opened } = await life(dir, { keys }, 3)
  cpSync(log, join(dir, 'older'), { recursive: true })
  cpSync(keys.dir, join(dir, 'older-keys'), { recursive: true })
  await life(dir, { keys }, 4)
  const newest = readFileSync(join(log, 'checkpoint'), 'utf8')
  const marks = readdirSync(join(keys.dir, 'high-water'))
  expect(marks.map((name) => readFileSync(join(keys.dir, 'high-water', name), 'utf8'))).toEqual([newest])

  for (const name of ['audit', 'keys']) cpSync(join(dir, name), join(dir, 'now', name), { recursive: true })
  rmSync(log, { recursive: true })
  cpSync(join(dir, 'older'), log, { recursive: true })
  rmSync(keys.dir, { recursive: true })
  cpSync(join(dir, 'older-keys'), keys.dir, { recursive: true })
  expect((await life(dir, { keys }, 1)).opened).toMatchObject({ origin: opened.origin }) // both put back: not found

  rmSync(join(dir, 'now', 'audit', 'shop-0'), { recursive: true })
  cpSync(join(dir, 'older'), join(dir, 'now', 'audit', 'shop-0'), { recursive: true })
  const found = await life(join(dir, 'now'), { keys: { dir: join(dir, 'now', 'keys') } }, 1)
  expect(found.opened.damaged).toMatchObject({ code: 'TRAILPROOF_LOG_ROLLED_BACK', origin: opened.origin })
})

it('a mark that cannot be written is told, and the log goes on', async () => {
  const dir = temporaryFolder()
  const keys = { dir: join(dir, 'keys') }
  await life(dir, { keys }, 1)
  rmSync(join(keys.dir, 'high-water'), { recursive: true })
  writeFileSync(join(keys.dir, 'high-water'), 'in the way')
  const audit = open(dir, { keys })
  await audit.record({ event: 'login.failed' })
  await audit.flush()
  await eventually(() => audit.health().anchors[0]?.error !== undefined)
  expect(audit.health()).toMatchObject({ status: 'green', anchors: [{ error: { code: 'TRAILPROOF_ANCHOR_FAILED' } }] })
  expect(existsSync(join(dir, 'audit', 'shop-0.e2'))).toBe(false)
})

it.each<[string, unknown, string]>([
  ['no list', {}, 'option "anchors" must be a list of anchors; found object'],
  ['no anchor', [{ name: 'a' }], 'option "anchors[0]" must be an anchor; found object'],
  [
    'a name that no file may have',
    [new MemoryAnchor('../x')],
    'the name of "anchors[0]" must be of lower-case letters',
  ],
  ['two of one name', [new MemoryAnchor('a'), new MemoryAnchor('a')], 'two anchors are named "a"'],
])('%s: one clear error', (_, anchors, message) => {
  expect(() => open(temporaryFolder(), { anchors: anchors as Anchor[], keys: memoryKeys() })).toThrow(message)
})
