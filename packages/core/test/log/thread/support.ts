// Applications as processes of their own, on a copy of the built package whose log thread may be told to misbehave.
import { spawn } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { expect } from 'vitest'
import { folderReader, verifyLog } from '../../../src/index.js'

const core = join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..')
const made: string[] = []

export function removeFolders(): void {
  for (const dir of made.splice(0)) rmSync(dir, { recursive: true, force: true })
}

function folder(): string {
  const dir = mkdtempSync(join(tmpdir(), 'trailproof-thread-'))
  made.push(dir)
  return dir
}

export interface Thread {
  /** Runs in the log's thread before the log does; has `fs`, `dir`, `wait(ms)` and `calls(name, run)`. */
  before?: string
  /** The thread's script is not there. */
  missing?: boolean
}

/** A built core of its own. @returns where its index is */
function copyOfCore({ before, missing }: Thread): string {
  const dir = folder()
  cpSync(join(core, 'dist', 'esm'), join(dir, 'esm'), { recursive: true })
  writeFileSync(join(dir, 'package.json'), '{"type":"module"}')
  symlinkSync(join(core, '..', '..', 'node_modules'), join(dir, 'node_modules'))
  const main = join(dir, 'esm', 'log', 'thread', 'main.js')
  if (missing) rmSync(main)
  if (before) {
    const own = readFileSync(main, 'utf8')
    writeFileSync(join(dirname(main), 'own.js'), own)
    writeFileSync(main, `${THREAD_PRELUDE}\n${before}\nawait import('./own.js')\n`)
  }
  return pathToFileURL(join(dir, 'esm', 'index.js')).href
}

const THREAD_PRELUDE = `
import fs from 'node:fs'
import { workerData } from 'node:worker_threads'
const dir = workerData.lease.root
const wait = (ms) => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms)
/** Puts itself before a call of fs; run is given how often it was called, and the call. */
function calls(name, run) {
  const real = fs[name]
  let n = 0
  fs[name] = (...args) => run(++n, () => real(...args), ...args)
}
`

const APP_PRELUDE = `
import fs from 'node:fs'
import { join } from 'node:path'
import { createAudit, fileWriter, memoryKeys } from CORE
const dir = process.argv[2]
const tell = (what) => fs.writeSync(1, JSON.stringify(what) + '\\n')
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms))
async function until(holds) {
  while (!holds()) await sleep(5)
}
const open = ({ writer, ...more } = {}) => {
  const audit = createAudit({
    service: 'shop', writer: fileWriter(dir, writer), keys: memoryKeys(), heartbeatEveryMs: 0,
    policy: [{ events: '*', waitAtMostMs: 30_000 }], ...more,
  })
  audit.ready.then(({ vkey }) => tell({ vkey }), () => {})
  return audit
}
const record = (audit, i, wait = 'durable') =>
  audit.record({ event: 'invoice.exported', data: { i } }, { wait }).then(
    ({ index, state }) => tell({ i, index, state }), ({ code, record }) => tell({ i, code, record }))
process.on('warning', ({ code }) => code && tell({ warning: code }))
`

export interface Ran {
  code: number | null
  told: Record<string, unknown>[]
  stderr: string
  dir: string
  ms: number
}

/** Runs an application to its end; it has \`open\`, \`record\`, \`tell\`, \`sleep\`, \`until\` and \`dir\`. */
export async function run(app: string, thread: Thread = {}): Promise<Ran> {
  const index =
    thread.before || thread.missing ? copyOfCore(thread) : pathToFileURL(join(core, 'dist/esm/index.js')).href
  const dir = folder()
  const script = join(dir, 'app.mjs')
  writeFileSync(script, `${APP_PRELUDE.replace('CORE', JSON.stringify(index))}\n${app}\n`)
  const log = join(dir, 'log')
  mkdirSync(log)
  const begun = performance.now()
  const child = spawn(process.execPath, [script, log], {
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 50_000, // one that waits for what never comes must not outlive its test
    killSignal: 'SIGKILL',
  })
  let [stdout, stderr] = ['', '']
  child.stdout.setEncoding('utf8').on('data', (text) => {
    stdout += text
  })
  child.stderr.setEncoding('utf8').on('data', (text) => {
    stderr += text
  })
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve))
  const told = stdout.split('\n').filter(Boolean)
  return { code, told: told.map((line) => JSON.parse(line)), stderr, dir: log, ms: performance.now() - begun }
}

/** What stands in the log, which must verify: each \`i\` of the application's records, in order. */
export async function written({ dir, told }: Ran): Promise<number[]> {
  const vkey = told.find((one) => one['vkey'])?.['vkey'] as string | undefined // none when it ended before it was open
  const path = join(dir, 'shop-0')
  const report = await verifyLog(folderReader(path), vkey === undefined ? {} : { keys: [vkey] })
  expect(report.problems).toEqual([])
  const lines: { seq: number; event: string; data?: { i?: number } }[] = []
  for await (const { first, bytes, ends } of folderReader(path).read(0)) {
    let start = 0
    ends.forEach((end, k) => {
      lines[first + k] = JSON.parse(Buffer.from(bytes.subarray(start, end)).toString())
      start = end + 1
    })
  }
  expect(lines.map(({ seq }) => seq)).toEqual(lines.map((_, i) => i))
  return lines.filter(({ event }) => event === 'invoice.exported').map(({ data }) => data!.i!)
}

/** Acknowledged numbers; each told once. */
export function acknowledged({ told }: Ran): number[] {
  const all = told.filter((one) => one['i'] !== undefined)
  expect(new Set(all.map((one) => one['i'])).size).toBe(all.length)
  return all.filter((one) => one['index'] !== undefined).map((one) => one['i'] as number)
}

export const count = (n: number) => Array.from({ length: n }, (_, i) => i)
