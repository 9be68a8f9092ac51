// Verifying with the real command line, and altering one byte the way someone with write access would.
import { spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { segmentsOf, slotOf } from './evidence.mjs'

const cli = fileURLToPath(new URL('../../packages/cli/bin/trailproof.js', import.meta.url))

/** Runs `trailproof verify` and shows what it says. @returns {{ exitCode: number, report: object | undefined }} */
export function verify(dir, key, { shownAs = dir } = {}) {
  console.log(`$ trailproof verify ${shownAs.includes(' ') ? `<${shownAs}>` : shownAs} --key ${key}`)
  const { status, stdout, stderr } = spawnSync(process.execPath, [cli, 'verify', dir, '--key', key], {
    encoding: 'utf8',
  })
  process.stdout.write(`${(stdout + stderr).trimEnd().replace(/^/gm, '  ')}\n  exit ${status}\n\n`)
  const { stdout: json } = spawnSync(process.execPath, [cli, 'verify', dir, '--key', key, '--json'], {
    encoding: 'utf8',
  })
  return { exitCode: status, report: parse(json) }
}

/** Copies the logs and turns one character of one record's reason or name into another; the record stays valid JSON. */
export function alterOneByte(dir, origin, records) {
  const copy = mkdtempSync(join(tmpdir(), 'trailproof-altered-'))
  cpSync(dir, copy, { recursive: true, filter: (path) => !path.endsWith('.trailproof') })
  const { seq } = records.find(({ event }) => event === 'login.failed') ?? records[0]
  for (const file of segmentsOf(join(copy, slotOf(origin)))) {
    const bytes = readFileSync(file)
    const line = bytes.indexOf(`{"v":1,"seq":${seq},`)
    if (line < 0) continue
    const at = bytes.indexOf('"event":"', line) + '"event":"'.length
    bytes[at] = bytes[at] === 0x78 ? 0x79 : 0x78 // x, or y
    writeFileSync(file, bytes)
  }
  return { dir: copy, seq }
}

function parse(text) {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
