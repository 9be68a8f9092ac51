// Verifying logs of which retention removed the beginning. The folders are built without any of the product's code.
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { effort } from '../../../../test/effort.js'
import { seededRandom } from '../../../testkit/src/random.js'
import type { LogReport } from '../../src/index.js'
import { folderReader, verifyLog } from '../../src/index.js'
import { assess } from '../../src/writers/file/assess.js'
import { nodeDisk } from '../../src/writers/file/disk.js'
import { runSyncAndClose } from '../../src/writers/file/steps.js'
import {
  leafOf,
  logFiles,
  makeLine,
  makeNote,
  makeSigner,
  removeTempDirs,
  segmentPath,
  tilePath,
  treeRoot,
  writeLog,
} from './fixture.js'

afterAll(removeTempDirs)
const DAY = 86_400_000
const signer = makeSigner()
const text = (path: string) => readFileSync(path, 'utf8')

interface Shape {
  size: number
  rolls: number[]
  signed: number[]
  /** First index that is kept; one of `rolls`. */
  to: number
  /** Index of the purge record. */
  at: number
}

/** What the purge record says, unless a test has it lie. */
type Claim = { to?: number; root?: string; newest?: string; older_than_days?: number; source?: string }

function purgedLog(shape: Shape, claim: Claim = {}, hint = true): { dir: string; lines: string[] } {
  const { size, rolls, signed, to, at } = shape
  const lines: string[] = Array.from({ length: size }, (_, seq) => makeLine(seq))
  const time = Date.UTC(2027, 11, 31)
  const { source = 'audit', ...more } = claim
  const data = {
    from: 0,
    to,
    root: treeRoot(lines.slice(0, to).map(leafOf)).toString('base64'),
    newest: new Date(time - 401 * DAY).toISOString(),
    older_than_days: 400,
    ...more,
  }
  lines[at] = makeLine(at, { time: new Date(time).toISOString(), event: 'audit.retention_purged', source, data })
  const files = logFiles({ signer, lines, signed, rolls })
  for (const first of [0, ...rolls]) if (first < to) files.delete(segmentPath(first))
  if (hint) files.set('purged', `${lines[at]}\n`)
  return { dir: writeLog(files), lines }
}

const SHAPE: Shape = { size: 1500, rolls: [256, 600, 1024], signed: [10, 300, 900, 1400, 1500], to: 600, at: 1300 }
const verify = (dir: string): Promise<LogReport> => verifyLog(folderReader(dir), { keys: [signer.vkey] })

/** What a process that starts makes of it. */
function opened(dir: string): string {
  const found = runSyncAndClose(
    nodeDisk,
    assess(nodeDisk, dir, { slot: 'shop-0', publicKey: Uint8Array.from(signer.raw) }),
  )
  return found.state === 'damaged' ? found.previous.problem : found.state
}

const MISSING = (to: number) => ({
  kind: 'missing',
  from: 0,
  to,
  detail: `records 0 to ${to - 1} are missing, and no signed record says that they were purged`,
})

describe('a purged log', () => {
  it('verifies from the kept hashes on, with every checkpoint, and says what is gone', async () => {
    const { dir, lines } = purgedLog(SHAPE)
    expect(await verify(dir)).toMatchObject({
      size: 1500,
      root: treeRoot(lines.map(leafOf)).toString('base64'),
      checkpoints: 5,
      signed: 1500,
      purged: { to: 600, index: 1300 },
      problems: [],
      notes: [
        {
          kind: 'purged',
          from: 0,
          to: 600,
          detail: 'records 0 to 599 were purged on 2027-12-31 under the signed record 1300, their hashes verify',
        },
      ],
    })
    expect(opened(dir)).toBe('sound')
  })

  it('needs no file "purged": the record is found among the lines', async () => {
    const { dir } = purgedLog(SHAPE, {}, false)
    expect((await verify(dir)).problems).toEqual([])
    expect(opened(dir)).toBe('sound')
  })

  it('a record that is changed among the rest is named by its index', async () => {
    const { dir } = purgedLog(SHAPE)
    const path = join(dir, segmentPath(1024))
    writeFileSync(path, text(path).replace('"claimed":"c1100"', '"claimed":"c1101"'))
    const { problems } = await verify(dir)
    expect(problems).toContainEqual({ kind: 'altered', index: 1100, detail: 'record 1100 was changed' })
  })

  it.each<[string, Claim]>([
    ['records younger than its limit', { newest: new Date(Date.UTC(2027, 11, 31) - 399 * DAY).toISOString() }],
    ['another root', { root: treeRoot([leafOf('x')]).toString('base64') }],
    ['fewer records', { to: 256 }],
    ['itself', { to: 1301 }],
    ['no limit', { older_than_days: 0 }],
    ['but is the application’s own', { source: 'app' }],
  ])('a signed purge record that covers %s excuses nothing', async (_, claim) => {
    const { dir } = purgedLog(SHAPE, claim)
    expect((await verify(dir)).problems).toContainEqual(MISSING(600))
  })

  it('a purge record above the newest checkpoint excuses nothing', async () => {
    const { dir } = purgedLog({ ...SHAPE, signed: [10, 300, 900, 1200] })
    expect((await verify(dir)).problems).toContainEqual(MISSING(600))
    expect(opened(dir)).toContain('no signed record says that they were purged')
  })

  it('a kept tile that is missing is named', async () => {
    const { dir } = purgedLog(SHAPE)
    rmSync(join(dir, tilePath(0, 1, 256)))
    const { problems } = await verify(dir)
    expect(problems).toContainEqual({
      kind: 'missing',
      from: 256,
      to: 512,
      detail: 'the hash tile that stands for the purged records 256 to 511 is missing',
    })
  })

  it('a kept tile that was changed is named, down to its 256 records', async () => {
    const { dir } = purgedLog(SHAPE)
    const path = join(dir, tilePath(0, 1, 256))
    const bytes = readFileSync(path)
    bytes[77]! ^= 1
    writeFileSync(path, bytes)
    const { problems } = await verify(dir)
    expect(problems).toContainEqual({
      kind: 'tile_altered',
      from: 256,
      to: 512,
      detail: 'the kept hashes of purged records 256 to 511 were changed',
    })
  })

  it('lines that go while verify reads are no damage', async () => {
    const { dir, lines } = purgedLog(SHAPE)
    // As it was before: all segments, and no file "purged".
    const whole = logFiles({ signer, lines, signed: SHAPE.signed, rolls: SHAPE.rolls })
    const purged = text(join(dir, 'purged'))
    rmSync(join(dir, 'purged'))
    for (const [path, content] of whole) if (path.startsWith('seg/')) writeFileSync(join(dir, path), content)
    const reader = folderReader(dir)
    let reads = 0
    const racing = {
      ...reader,
      async *read(from: number) {
        if (reads++ === 0) {
          writeFileSync(join(dir, 'purged'), purged)
          for (const first of [0, 256]) rmSync(join(dir, segmentPath(first)))
        }
        yield* reader.read(from)
      },
    }
    const report = await verifyLog(racing, { keys: [signer.vkey] })
    expect(report.problems).toEqual([])
    expect(report.purged).toMatchObject({ to: 600 })
  })
})

it('random logs, random purges: all that is left verifies, and each single tampering is found', async () => {
  for (let seed = 1; seed <= effort(25, 1000); seed++) {
    const random = seededRandom(seed)
    const size = 600 + random.int(900)
    const rolls = [...new Set(Array.from({ length: 2 + random.int(4) }, () => 1 + random.int(size - 300)))].sort(
      (a, b) => a - b,
    )
    const possible = rolls.filter((first) => Math.ceil(first / 256) * 256 <= size)
    const to = random.pick(possible)
    const at = to + random.int(size - to)
    const between = Array.from({ length: random.int(6) }, () => 1 + random.int(size))
    const signed = [...new Set([...between, size])].sort((a, b) => a - b)
    const shape = { size, rolls, signed, to, at }
    const hint = random.chance(0.7)
    const told = `seed ${seed}: ${JSON.stringify(shape)} hint ${hint}`
    const { dir } = purgedLog(shape, {}, hint)
    expect((await verify(dir)).problems, told).toEqual([])
    expect(opened(dir), told).toBe('sound')

    const later = rolls.filter((first) => first > to)
    const tampering: Record<string, (dir: string) => void> = {
      'one more segment is removed': (dir) => rmSync(join(dir, segmentPath(random.pick([to, ...later])))),
      'a kept hash is changed': (dir) => {
        const tile = random.int(Math.ceil(to / 256))
        const slots = Math.min(256, to - tile * 256)
        const path = join(dir, tilePath(0, tile, 256))
        const bytes = readFileSync(path)
        bytes[random.int(slots * 32)]! ^= 1 + random.int(255)
        writeFileSync(path, bytes)
      },
      'the purge record is changed': (dir) =>
        change(dir, rolls, at, (line) => line.replace('"older_than_days":400', '"older_than_days":399')),
      'the purge record is removed': (dir) => change(dir, rolls, at, () => undefined),
      'the purge record is one of another purge': (dir) =>
        change(dir, rolls, at, (line) => line.replace(/"to":\d+/, `"to":${Math.max(1, to - 1)}`)),
    }
    for (const [name, tamper] of Object.entries(tampering)) {
      const { dir } = purgedLog(shape, {}, hint)
      tamper(dir)
      expect((await verify(dir)).problems, `${told}: ${name}`).not.toEqual([])
    }
  }
}, 3_600_000)

function change(
  dir: string,
  rolls: readonly number[],
  index: number,
  edit: (line: string) => string | undefined,
): void {
  const path = join(dir, segmentPath([0, ...rolls].findLast((first) => first <= index)!))
  const lines = text(path).split('\n')
  const at = lines.findIndex((line) => line.includes(`"seq":${index},`))
  const edited = edit(lines[at]!)
  lines.splice(at, 1, ...(edited === undefined ? [] : [edited]))
  writeFileSync(path, lines.join('\n'))
}

describe('a log whose rotation was purged', () => {
  const heirs = [makeSigner(), makeSigner()] as const
  const [second, third] = heirs
  const all = [signer, ...heirs]

  /** Handed over at records 50 and 120; retention has removed the first 256. */
  function handedOver(to = 256) {
    const lines: string[] = Array.from({ length: 700 }, (_, seq) => makeLine(seq))
    for (const [i, seq] of [50, 120].entries())
      lines[seq] = makeLine(seq, { event: 'audit.key_rotated', source: 'audit', data: { next: heirs[i]!.vkey } })
    const time = Date.UTC(2027, 11, 31)
    const data = {
      from: 0,
      to,
      root: treeRoot(lines.slice(0, to).map(leafOf)).toString('base64'),
      newest: new Date(time - 401 * DAY).toISOString(),
      older_than_days: 400,
    }
    lines[650] = makeLine(650, {
      time: new Date(time).toISOString(),
      event: 'audit.retention_purged',
      source: 'audit',
      data,
    })
    const leaves = lines.map(leafOf)
    const sizes: [typeof signer, number][] = [
      [signer, 20],
      [signer, 51],
      [second, 60],
      [second, 121],
      [third, 300],
      [third, 700],
    ]
    const notes = sizes.map(([one, size]) => makeNote(one, leaves.slice(0, size)))
    const files = logFiles({ signer, lines, signed: [700], rolls: [256, 512] })
    if (to > 0) files.delete(segmentPath(0))
    files.set('log.vkey', all.map(({ vkey }) => `${vkey}\n`).join(''))
    files.set('checkpoints.log', notes.join(''))
    files.set('checkpoint', notes.at(-1)!)
    files.set('purged', `${lines[650]}\n`)
    return { files, leaves }
  }
  const check = (files: Map<string, string | Buffer>, ...keys: (typeof signer)[]) =>
    verifyLog(folderReader(writeLog(files)), { keys: keys.map(({ vkey }) => vkey) })

  it.each([
    ['every key', all],
    ['the newest', [third]],
    ['the last two', [second, third]],
    ['no key', []],
  ])('is good for who gives %s', async (_, keys) => {
    const report = await check(handedOver().files, ...keys)
    expect([report.problems, report.signed, report.size]).toEqual([[], 700, 700])
  })

  it('the first key alone does not vouch for it any more, and verify says what to give', async () => {
    const { problems } = await check(handedOver().files, signer)
    expect(problems).toContainEqual(expect.objectContaining({ kind: 'key_out_of_range', index: 60 }))
    expect(problems.find(({ kind }) => kind === 'key_out_of_range')!.detail).toContain('give this key, too')
  })

  it('a key follows another there only once, in order, and not where the record should still be', async () => {
    const { files, leaves } = handedOver()
    const late = makeNote(signer, leaves.slice(0, 200)) // the first key, stolen, signs behind the second
    files.set(
      'checkpoints.log',
      String(files.get('checkpoints.log')).replace(/(?=shop[^\n]+\n300\n)/, () => late),
    )
    const { problems } = await check(files, ...all)
    expect(problems).toEqual([expect.objectContaining({ kind: 'key_out_of_range', index: 200 })])
    const stranger = makeSigner()
    const forged = handedOver()
    forged.files.set('checkpoints.log', makeNote(stranger, forged.leaves.slice(0, 700)))
    forged.files.set('checkpoint', makeNote(stranger, forged.leaves.slice(0, 700)))
    forged.files.set('log.vkey', `${signer.vkey}\n${stranger.vkey}\n`)
    expect((await check(forged.files, signer)).problems.map(({ kind }) => kind)).toContain('key_out_of_range')
    // Lines that are all there name the rotation themselves.
    const whole = handedOver(0)
    const early = makeNote(second, whole.leaves.slice(0, 30))
    whole.files.set(
      'checkpoints.log',
      String(whole.files.get('checkpoints.log')).replace(/(?=shop[^\n]+\n51\n)/, () => early),
    )
    expect((await check(whole.files, ...all)).problems).toEqual([
      expect.objectContaining({ kind: 'key_out_of_range', index: 30 }),
    ])
  })
})
