// Breaks the log on purpose, one promise at a time, on a copy of the sources, and demands that its tests notice.
// Usage: node test/crash/mutants.mjs [name …]; prints a table, exits 1 when a mutant survives.
import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..')
const SRC = 'packages/core/src'
const SUITES = ['packages/core/test/log', 'packages/testkit/test']
/** Run on the build, which is not of the mutant. */
const REAL_THREADS = 'packages/core/test/log/thread/{ends,hung,lost}.test.ts'
const PER_MUTANT_MS = 300_000

/** `from` must stand in `file` exactly once: a mutant that no longer fits the code has to be looked at. */
const mutants = [
  {
    name: 'acknowledge before fsync',
    file: `${SRC}/writers/file/segment.ts`,
    from: `      yield { do: 'sync', fd: current.fd }\n`,
    to: '',
  },
  {
    name: 'sign before fsync',
    file: `${SRC}/log/log.ts`,
    from: `    this.#inFlight = formed\n`,
    to: `    this.#inFlight = formed
    const ahead = this.size + formed.items.length
    try {
      await this.#log!.putCheckpoint(this.#checkpointer!.signAhead(formed.batch.leafHashes)(ahead), { size: ahead, sync: false })
    } catch {}\n`,
  },
  {
    name: 'no fsync of the folder',
    file: `${SRC}/writers/file/durable.ts`,
    from: `  const fd = disk.open(path, 'folder')\n  try {\n    yield { do: 'sync', fd }`,
    to: `  const fd = disk.open(path, 'folder')\n  try {\n    yield breathe`,
  },
  {
    name: 'retry a failed fsync on the same file',
    file: `${SRC}/writers/file/segment.ts`,
    from: `      yield { do: 'sync', fd: current.fd }\n`,
    to: `      try {\n        yield { do: 'sync', fd: current.fd }\n      } catch {\n        yield { do: 'sync', fd: current.fd }\n      }\n`,
  },
  {
    name: 'trust the page cache after a restart',
    file: `${SRC}/writers/file/assess.ts`,
    from: `          unsignedAt ??= offset\n`,
    to: '',
  },
  {
    name: 'take a short write for a whole one',
    file: `${SRC}/writers/file/durable.ts`,
    from: `  if (written === bytes.length) return\n`,
    to: `  if (written >= 0) return\n`,
  },
  {
    name: 'take a torn line for a whole one',
    file: `${SRC}/writers/file/scan.ts`,
    from: `  if (line.includes(0) || !isUtf8(line)) return false\n`,
    to: `  if (line.length > seq - seq) return true\n`,
  },
  {
    name: 'replace the checkpoint before it is synced',
    file: `${SRC}/writers/file/durable.ts`,
    from: `    yield* fill(function* (bytes) {
      yield* writeWhole(fd, bytes, at)
      at += bytes.length
    })
    yield { do: 'sync', fd }\n`,
    to: `    yield* fill(function* (bytes) {
      yield* writeWhole(fd, bytes, at)
      at += bytes.length
    })\n`,
  },
  {
    name: 'go on with a log whose root does not fit',
    file: `${SRC}/writers/file/assess.ts`,
    from: `        if (frontier.size === signedSize) rootFits = equalBytes(frontier.root(), root)\n`,
    to: '',
  },
  {
    name: 'write without looking whether the file is still ours',
    file: `${SRC}/writers/file/segment.ts`,
    from: `    this.#checkSame(current)\n`,
    to: '',
  },
  {
    name: 'drop what a failed write left in the queue',
    file: `${SRC}/log/log.ts`,
    from: `      this.#failed(this.#appending, asTrailproofError(failure.cause, 'the lines could not be written'))\n`,
    to: `      this.#queue.shift(formed.items.length)\n      this.#failed(this.#appending, asTrailproofError(failure.cause, 'the lines could not be written'))\n`,
  },
  {
    name: 'replace the checkpoint before its history is mended',
    file: `${SRC}/writers/file/recover.ts`,
    from: `  yield* store.open(torn.length > 0)\n`,
    to: `  if (newest && !newestIsSynced) yield* replaceFile(disk, join(folder, CHECKPOINT), (put) => put(Buffer.from(newest.note)))
  yield* store.open(torn.length > 0)\n`,
  },
  {
    name: 'remove lines before their copy is durable',
    file: `${SRC}/writers/file/recover.ts`,
    from: `  yield* copyUnsigned(disk, folder, log)\n  yield* cutOff(disk, folder, log)\n`,
    to: `  yield* cutOff(disk, folder, { ...log, pieces: log.pieces.map((piece) => ({ ...piece })) })\n  yield* copyUnsigned(disk, folder, log)\n`,
  },
  {
    name: 'write on when the lock is lost',
    file: `${SRC}/writers/file/file-log.ts`,
    from: `now.dev === this.#facts.dev && lock.held()) return\n`,
    to: `now.dev === this.#facts.dev && lock) return\n`,
  },
  {
    name: 'throw torn lines away instead of keeping them aside',
    file: `${SRC}/writers/file/recover.ts`,
    from: `  yield* setAside(disk, folder, log)\n`,
    to: '',
  },
  {
    name: 'sync the history again after a failed sync',
    file: `${SRC}/writers/file/checkpoints.ts`,
    from: `      yield* this.close() // what the file shows now may not be on disk, and syncing again would not say so\n`,
    to: '',
  },
]

const chosen = process.argv.slice(2)
const copy = mkdtempSync(join(tmpdir(), 'trailproof-mutants-'))
process.on('exit', () => rmSync(copy, { recursive: true, force: true }))
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(1))

for (const path of [
  SRC,
  'packages/core/package.json',
  'packages/core/test/log',
  'packages/testkit/src',
  'packages/testkit/test',
  'packages/testkit/package.json',
  'package.json',
  'test/effort.ts',
  'vitest.config.ts',
]) {
  mkdirSync(dirname(join(copy, path)), { recursive: true })
  cpSync(join(root, path), join(copy, path), { recursive: true })
}
symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'))

const rows = []
let survived = 0
const baseline = runSuites()
if (baseline.result !== 'passed') {
  console.error(`The suites fail without any mutant:\n${baseline.output}`)
  process.exit(1)
}
for (const mutant of mutants) {
  if (chosen.length > 0 && !chosen.includes(mutant.name)) continue
  const path = join(copy, mutant.file)
  const original = readFileSync(path, 'utf8')
  const matches = original.split(mutant.from).length - 1
  if (matches !== 1) {
    rows.push([mutant.name, `stands ${matches} times in ${mutant.file}`, ''])
    survived++
    continue
  }
  writeFileSync(
    path,
    original.replace(mutant.from, () => mutant.to),
  )
  const { result, seconds, noticed } = runSuites()
  writeFileSync(path, original)
  if (result === 'passed') survived++
  rows.push([mutant.name, result === 'passed' ? 'SURVIVED' : `killed in ${seconds} s`, noticed])
}
const width = Math.max(...rows.map(([name]) => name.length))
for (const [name, outcome, noticed] of rows) console.log(`${name.padEnd(width)}  ${outcome.padEnd(16)}  ${noticed}`)
console.log(survived ? `${survived} of ${rows.length} mutants survived` : `all ${rows.length} mutants were noticed`)
process.exit(survived ? 1 : 0)

function runSuites() {
  const began = Date.now()
  const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs')
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [vitest, 'run', '--root', copy, '--bail=1', '--no-color', '--exclude', REAL_THREADS, ...SUITES],
    {
      cwd: copy,
      encoding: 'utf8',
      timeout: PER_MUTANT_MS,
      env: { ...process.env, NO_COLOR: '1' },
    },
  )
  const output = `${stdout}${stderr}`
  const noticed =
    /^ *FAIL +(.*)$/m.exec(output)?.[1]?.split(' > ').slice(1).join(': ') ?? (status === null ? 'did not end' : '')
  return {
    result: status === 0 ? 'passed' : 'failed',
    seconds: Math.round((Date.now() - began) / 1000),
    noticed,
    output,
  }
}
