// A copy of the world for one attack, and the hands of the attacker: nothing here uses the product to change a log.
import { createPrivateKey, createPublicKey } from 'node:crypto'
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Receipt } from '@trailproof/core'
import { onTestFinished } from 'vitest'
import {
  leafOf,
  logFiles,
  makeNote,
  makeSigner,
  renamed,
  type Signer,
  segmentPath,
  tileFiles,
  writeLog,
} from '../../packages/core/test/verify/fixture.js'
import { ATTACKED, type World } from './world.js'

export const CHECKPOINTS = ['checkpoint', 'checkpoints.log']

/** The logs of a world as the attacker finds them, and what stood there before. */
export class Scene {
  readonly dir = mkdtempSync(join(tmpdir(), 'trailproof-scene-'))
  readonly log = join(this.dir, 'audit', 'shop-0')
  readonly other = join(this.dir, 'audit', 'shop-1')
  readonly origin: string
  /** The lines of shop-0, as they were. */
  readonly lines: readonly string[]
  /** Its signed sizes, ascending. */
  readonly sizes: readonly number[]
  /** What a row has put down for its own question. */
  readonly facts: { now?: Date; said?: string; receipts?: readonly Receipt[] } = {}

  constructor(readonly world: World) {
    for (const name of ['audit', 'keys', 'elsewhere', 'backup', 'stolen.key'].filter((name) =>
      existsSync(join(world.dir, name)),
    ))
      cpSync(join(world.dir, name), join(this.dir, name), { recursive: true, preserveTimestamps: true })
    onTestFinished(() => rmSync(this.dir, { recursive: true, force: true }))
    this.origin = world.vkeys[0]!.split('+')[0]!
    this.lines = linesOf(this.log)
    this.sizes = sizesOf(this.log)
  }

  /** Records in shop-0, all of them signed. */
  get size(): number {
    return this.lines.length
  }

  /** Signed at the end of the life before. */
  get olderSize(): number {
    return linesOf(join(this.dir, 'backup', 'audit', 'shop-0')).length
  }

  /** Index of the record that attacks change. */
  get target(): number {
    return this.world.receipts[ATTACKED]!.index
  }

  /** Size up to which the first key signs. */
  get rotatedAt(): number {
    return this.lines.findIndex((line) => line.includes('"audit.key_rotated"')) + 1
  }

  /** The two signed sizes around it. */
  get around(): { from: number; to: number } {
    const to = this.sizes.find((size) => size > this.target)!
    return { from: this.sizes.filter((size) => size <= this.target).at(-1) ?? 0, to }
  }

  read(name: string): string {
    return readFileSync(join(this.log, name), 'utf8')
  }

  /** Edits a file of shop-0 in place. */
  edit(name: string, change: (text: string) => string): void {
    writeFileSync(join(this.log, name), Buffer.from(change(this.latin1(name)), 'latin1'))
  }

  latin1(name: string): string {
    return readFileSync(join(this.log, name), 'latin1')
  }

  /** Changes the lines of the first segment. */
  lay(change: (lines: string[]) => string[]): void {
    this.edit(segmentPath(0), (text) =>
      change(text.split('\n').slice(0, -1))
        .map((line) => `${line}\n`)
        .join(''),
    )
  }

  remove(...names: string[]): void {
    for (const name of names) rmSync(join(this.log, name), { recursive: true, force: true })
  }

  /** The folder of logs goes back to its backup; with `keys` the whole machine does. */
  putBack(keys: boolean): void {
    for (const name of keys ? ['audit', 'keys'] : ['audit']) {
      rmSync(join(this.dir, name), { recursive: true })
      cpSync(join(this.dir, 'backup', name), join(this.dir, name), { recursive: true })
    }
  }

  /** The tiles that belong to these lines. */
  tilesFor(lines: readonly string[]): void {
    this.remove('tile')
    writeLog(new Map(tileFiles(lines.map(leafOf))), this.log)
  }

  /** Replaces the whole log by these lines, signed by `signer` at these sizes, as if it had never been otherwise. */
  signAnew(signer: Signer, lines: readonly string[], sizes: readonly number[] = [lines.length]): void {
    this.remove(...CHECKPOINTS, 'tile', 'seg')
    const vkeys = this.read('log.vkey')
    const rolls = Array.from({ length: Math.floor((lines.length - 1) / 256) }, (_, i) => (i + 1) * 256)
    writeLog(logFiles({ signer, lines: [...lines], signed: [...sizes], rolls }), this.log)
    if (vkeys.includes(signer.vkey)) writeFileSync(join(this.log, 'log.vkey'), vkeys)
  }

  /** A checkpoint over the first `size` of these lines. */
  noteOf(signer: Signer, lines: readonly string[], size = lines.length): string {
    return makeNote(signer, lines.slice(0, size).map(leafOf))
  }

  /** The signing key, stolen from its folder. */
  thief(file = join(this.dir, 'keys', 'signing.key')): Signer {
    const key = createPrivateKey(readFileSync(file))
    const raw = createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(-32)
    return renamed({ ...makeSigner(), key, raw, bare: raw.toString('base64') }, this.origin)
  }

  /** Somebody with a key of their own. */
  stranger(): Signer {
    return makeSigner(this.origin)
  }
}

export function linesOf(log: string): string[] {
  return readdirSync(join(log, 'seg'))
    .sort()
    .flatMap((name) =>
      readFileSync(join(log, 'seg', name), 'utf8')
        .split('\n')
        .slice(0, -1),
    )
}

export const sizesOf = (log: string): number[] => [
  ...new Set(
    [...readFileSync(join(log, 'checkpoints.log'), 'utf8').matchAll(/^shop\/.*\n(\d+)$/gm)].map(([, size]) =>
      Number(size),
    ),
  ),
]
