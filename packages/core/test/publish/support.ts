// What an exported folder must hold, worked out by definition from the lines, with none of the product's code.
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join, relative } from 'node:path'
import { type LogPlan, leafOf, logFiles, makeNote, makeSigner, planOf, tileFiles, tilePath } from '../verify/fixture.js'

export const signer = makeSigner()

/** A log of `n` signed records, 0 to n - 1. */
export const signedPlan = (n: number, more: Partial<LogPlan> = {}): LogPlan => ({ ...planOf(signer, n), ...more })

/** C2SP tlog-tiles: for each entry its length in two bytes, big-endian, and the entry. */
export function bundleOf(lines: readonly string[]): Buffer {
  return Buffer.concat(
    lines.flatMap((line) => {
      const entry = Buffer.from(line)
      return [Buffer.of(entry.length >> 8, entry.length & 255), entry]
    }),
  )
}

/** Every file that an export of these lines has, by path. */
export function expectedFiles(plan: LogPlan): Record<string, string> {
  const files: [string, Buffer][] = [
    ['checkpoint', Buffer.from(makeNote(plan.signer, plan.lines.map(leafOf)))],
    ['log.vkey', Buffer.from(`${plan.signer.vkey}\n`)],
    ...tileFiles(plan.lines.map(leafOf)),
  ]
  for (let n = 0; n * 256 < plan.lines.length; n++) {
    const lines = plan.lines.slice(n * 256, (n + 1) * 256)
    files.push([tilePath('entries', n, lines.length), bundleOf(lines)])
  }
  return Object.fromEntries(files.map(([path, bytes]) => [path, bytes.toString('latin1')]))
}

/** Every file below a folder, by path. */
export function filesIn(folder: string): Record<string, string> {
  if (!existsSync(folder)) return {}
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) => join(folder, name))
  return Object.fromEntries(
    names
      .filter((name) => statSync(name).isFile())
      .map((name) => [relative(folder, name), readFileSync(name, 'latin1')]),
  )
}

export const filesOf = logFiles
