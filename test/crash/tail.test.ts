// What a power cut may leave of the last lines: cut off anywhere, filled with zeros, followed by garbage.
import { cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { verifyRoot } from '@trailproof/core'
import { describe, expect, it } from 'vitest'
import { checkLog } from '../../packages/testkit/src/check-log.js'
import { seededRandom } from '../../packages/testkit/src/random.js'
import { effort } from '../effort.js'
import type { Application } from './process.js'
import { useScene } from './scene.js'

const scene = useScene()
const SEGMENT = join('shop-0', 'seg', '00000000000000000000.jsonl')
const CHECKPOINTS = ['checkpoint', 'checkpoints.log'].map((name) => join('shop-0', name))
/** Every so many bytes of the tail, and each byte around the end of a line. */
const STRIDE = effort(150, 1)

interface Base {
  /** All lines; those from byte `signed` on stand under no checkpoint. */
  bytes: Buffer
  signed: number
  signedSize: number
  /** Opens the copies. */
  opener: Application
}

/** A log as a kill leaves it whose newest lines no checkpoint covers yet. */
async function makeBase(): Promise<Base> {
  const writer = scene().start()
  await writer.ready()
  await writer.do('record 10', 'flush')
  const checkpoints = CHECKPOINTS.map((name) => readFileSync(join(scene().dir, name)))
  const signed = readFileSync(join(scene().dir, SEGMENT)).length
  await writer.do('record 3')
  await writer.kill()
  for (const [i, name] of CHECKPOINTS.entries()) writeFileSync(join(scene().dir, name), checkpoints[i]!)
  const bytes = readFileSync(join(scene().dir, SEGMENT))
  const opener = scene().start({ dir: join(scene().folder, 'opener') })
  await opener.ready()
  await opener.do('close')
  return { bytes, signed, signedSize: linesIn(bytes.subarray(0, signed)), opener }
}

const linesIn = (bytes: Buffer) => bytes.toString('latin1').split('\n').length - 1

/** A copy of the log whose lines are these. */
function copyWith(name: string, lines: Buffer): string {
  const dir = join(scene().folder, name)
  cpSync(scene().dir, dir, { recursive: true })
  writeFileSync(join(dir, SEGMENT), lines)
  return dir
}

/** Opens a copy, adds one record, closes it; answers what it was when it was opened. */
async function goOn({ opener }: Base, name: string) {
  const count = opener.opened.length
  scene().forgetMark()
  await opener.do(`open ${name}`)
  await opener.ready(count + 1)
  expect(await opener.do('each')).toBeNull()
  expect(await opener.do('close')).toBeNull()
  return opener.opened[count]!
}

function cutsOf({ bytes, signed }: Base): number[] {
  const cuts: number[] = []
  for (let at = signed; at <= bytes.length; at++) {
    const nearEnd = [-2, -1, 0, 1].some((by) => bytes[at + by] === 10)
    if (nearEnd || at === bytes.length || (at - signed) % STRIDE === 0) cuts.push(at)
  }
  return cuts
}

describe.each(['cut off', 'filled with zeros', 'followed by garbage'] as const)('a tail that is %s', (how) => {
  it(
    'at any byte: whole lines are kept, the rest is in quarantine, and verify calls it no tampering',
    async () => {
      const base = await makeBase()
      const random = seededRandom(1)
      for (const cut of cutsOf(base)) {
        const { bytes, signed, signedSize } = base
        const fill =
          how === 'cut off'
            ? Buffer.alloc(0)
            : how === 'filled with zeros'
              ? Buffer.alloc(Math.max(1, bytes.length - cut))
              : Buffer.from(Array.from({ length: 1 + random.int(600) }, () => random.int(256)))
        const left = Buffer.concat([bytes.subarray(0, cut), fill])
        const keep = bytes.lastIndexOf(10, cut - 1) + 1
        const torn = left.subarray(keep)
        const name = `cut-${cut}`
        const dir = copyWith(name, left)

        const before = await verifyRoot(dir)
        expect(before.logs[0]!.problems, `cut at ${cut}`).toEqual([])
        const size = signedSize + linesIn(bytes.subarray(signed, keep))
        expect(before.logs[0]).toMatchObject({ size, signed: signedSize })
        // A record that lacks only its line end is told apart from one that is torn.
        const end = before.logs[0]!.notes.filter(
          ({ kind, index }) => ['torn', 'unsigned'].includes(kind) && index === size,
        )
        expect(end.length, `cut at ${cut}`).toBe(torn.length > 0 ? 1 : 0)

        const opened = await goOn(base, name)
        expect(opened, `cut at ${cut}`).toMatchObject({ size })
        expect(opened.damaged).toBeUndefined()
        const recovered = { from: signedSize, to: size, quarantinedBytes: torn.length }
        expect(opened.recovered).toEqual(size > signedSize || torn.length > 0 ? recovered : undefined)
        expect(inQuarantine(dir)).toEqual(torn)

        const { lines } = checkLog(join(dir, 'shop-0'), {
          acknowledged: base.opener.acknowledged.slice(-1),
          tiles: true,
        })
        expect(lines.slice(0, size).join('\n')).toBe(bytes.subarray(0, keep - 1).toString('utf8'))
        const after = await verifyRoot(dir, { keys: [opened.vkey] })
        expect(after.ok, `cut at ${cut}`).toBe(true)
        if (size > signedSize) expect(after.logs[0]!.recovered).toEqual([{ from: signedSize, to: size }])
        const recoveries = lines.filter((line) => JSON.parse(line).event === 'audit.recovered')
        expect(recoveries.length).toBe(opened.recovered ? 1 : 0)
      }
    },
    effort(180_000, 3_600_000),
  )

  it('below the last checkpoint: that is no crash; verify says where, and the log is left as evidence', async () => {
    const base = await makeBase()
    const cut = base.signed - 20
    const rest = base.bytes.length - cut
    const fill = how === 'cut off' ? 0 : how === 'filled with zeros' ? rest : 50
    const left = Buffer.concat([
      base.bytes.subarray(0, cut),
      Buffer.alloc(fill, how === 'followed by garbage' ? 0xc3 : 0),
    ])
    const dir = copyWith('below', left)
    const { ok, logs } = await verifyRoot(dir)
    expect(ok).toBe(false)
    expect(logs[0]!.problems.length).toBeGreaterThan(0)
    const [problem] = logs[0]!.problems
    expect('index' in problem! ? problem.index : problem!.from).toBe(base.signedSize - 1)

    expect(await goOn(base, 'below')).toMatchObject({ damaged: 'TRAILPROOF_LOG_CORRUPT' })
    expect(readFileSync(join(dir, SEGMENT)), 'evidence').toEqual(left)
    const { lines } = checkLog(join(dir, 'shop-0.e2'))
    expect(JSON.parse(lines[0]!).event).toBe('audit.integrity_failed')
  }, 120_000)
})

function inQuarantine(dir: string): Buffer {
  const folder = join(dir, 'shop-0', 'quarantine')
  return Buffer.concat(
    readdirSync(folder)
      .filter((name) => !name.includes('checkpoints'))
      .map((name) => readFileSync(join(folder, name))),
  )
}
