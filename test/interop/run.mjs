// Software that is not ours reads what we publish: a program on Go's sumdb packages (tlogcheck/) and Tessera's fsck accept
// every export, over files and over HTTP, and reject one with a changed byte. Exit 0, 1, or 3 when there is no Go to be had.
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { createAudit, fileWriter } from '@trailproof/core'
import { consistencyProof, encodeBase64, tileHashReader, tilePath, tilesOf } from '@trailproof/tlog'
import { buildTools, Unavailable } from './go-tools.mjs'
import { growingLog, hasher } from './grown-log.mjs'

const SIZES = [1, 2, 255, 256, 257, 65_535, 65_536, 70_000]
const SKIPPED = 3

const bin = join(dirname(fileURLToPath(import.meta.url)), '..', '..', 'packages', 'cli', 'bin', 'trailproof.js')
const trailproof = (...args) => execFileSync(process.execPath, [bin, ...args], { encoding: 'utf8' })
const temporary = mkdtempSync(join(tmpdir(), 'trailproof-interop-'))
const place = (...names) => join(temporary, ...names)
let passed = 0
let failed = 0

process.exitCode = await main().finally(() => rmSync(temporary, { recursive: true, force: true }))

async function main() {
  let tools
  try {
    tools = buildTools(temporary)
  } catch (error) {
    if (!(error instanceof Unavailable)) throw error
    console.log(`interop: skipped: ${error.message}`)
    return SKIPPED
  }
  const log = await growingLog(place('grown'))
  for (const [i, size] of SIZES.entries()) {
    await log.growTo(size)
    await acceptedAt(tools, log, size, i > 0 ? place(`tiles-${SIZES[i - 1]}`) : undefined)
    rejectedAt(tools, size)
  }
  await acceptedOverHttp(tools, log.folder)
  await log.close()
  await ofAnAudit(tools)
  console.log(`interop: ${passed} passed, ${failed} failed`)
  return failed > 0 || passed === 0 ? 1 : 0
}

function expect(what, wanted, { accepts, said }) {
  if (accepts === wanted) passed++
  else failed++
  if (accepts !== wanted) console.log(`FAILED ${what}: ${accepts ? 'accepted' : 'rejected'}: ${said}`)
}

/** A fresh export and one that is brought up to date at each size, with proofs, while the log stays open. */
async function acceptedAt({ tlogcheck, fsck }, log, size, before) {
  const tiles = place(`tiles-${size}`)
  const updated = place('updated')
  const index = Math.floor(size / 2)
  trailproof('tiles', log.folder, '--out', tiles)
  trailproof('tiles', log.folder, '--out', updated)
  trailproof('prove', log.folder, String(index), '--out', place('proof'))
  writeFileSync(place('record'), log.lineAt(index))
  const proofs = ['-proof', place('proof'), '-record', place('record')]
  if (before) {
    copyFileSync(join(before, 'checkpoint'), place('old'))
    writeFileSync(place('consistency'), await consistency(tiles, size, sizeOf(before)))
    proofs.push('-old', place('old'), '-consistency', place('consistency'))
  }
  const key = join(tiles, 'log.vkey')
  for (const [name, folder] of [
    ['a fresh export', tiles],
    ['an updated export', updated],
  ]) {
    expect(`tlogcheck on ${name} of ${size}`, true, tlogcheck(['-tiles', folder, '-key', key, ...proofs]))
    expect(`fsck on ${name} of ${size}`, true, fsck(`${pathToFileURL(folder)}/`, key))
  }
  writeFileSync(place('record'), log.lineAt(index).replace('failed', 'fained'))
  expect(`tlogcheck on a changed record at ${size}`, false, tlogcheck(['-tiles', tiles, '-key', key, ...proofs]))
}

function sizeOf(tiles) {
  return Number(readFileSync(join(tiles, 'checkpoint'), 'utf8').split('\n')[1])
}

/** Our own proof that the tree of `older` is the beginning of that of `size`, from the exported tiles. */
async function consistency(tiles, size, older) {
  const read = tileHashReader(hasher, size, (...tile) => readFileSync(join(tiles, tilePath(...tile))))
  return (await consistencyProof(hasher, older, size, read)).map((hash) => `${encodeBase64(hash)}\n`).join('')
}

/** One byte in a tile of each level, and in the first and the last bundle. */
function rejectedAt({ tlogcheck, fsck }, size) {
  const tiles = place(`tiles-${size}`)
  const key = join(tiles, 'log.vkey')
  const lastOfLevel = new Map(tilesOf(size).map(({ level, index, width }) => [level, tilePath(level, index, width)]))
  const entries = [0, Math.floor((size - 1) / 256)].map((n) => tilePath('entries', n, Math.min(256, size - n * 256)))
  for (const path of new Set([...lastOfLevel.values(), ...entries])) {
    const file = join(tiles, path)
    const good = readFileSync(file)
    const bad = Buffer.from(good)
    bad[bad.length - 3] ^= 1
    writeFileSync(file, bad)
    expect(`tlogcheck on a changed ${path} of ${size}`, false, tlogcheck(['-tiles', tiles, '-key', key]))
    expect(`fsck on a changed ${path} of ${size}`, false, fsck(`${pathToFileURL(tiles)}/`, key))
    writeFileSync(file, good)
  }
}

async function acceptedOverHttp({ fsck }, folder) {
  const server = spawn(process.execPath, [bin, 'serve', '--tiles', folder, '--port', '0', '--json'])
  try {
    const [line] = await once(createInterface(server.stdout), 'line')
    const tiles = place(`tiles-${SIZES.at(-1)}`)
    expect('fsck over HTTP', true, fsck(JSON.parse(line).logs[0].url, join(tiles, 'log.vkey')))
  } finally {
    server.kill()
    await once(server, 'exit')
  }
}

/** Not lines of this test, but what an application's audit writes. */
async function ofAnAudit({ tlogcheck, fsck }) {
  const audit = createAudit({ service: 'shop', writer: fileWriter(place('audit')), keys: { dir: place('keys') } })
  for (let i = 0; i < 1000; i++) await audit.record({ event: 'login.failed', claimed: `p${i}` }, { wait: 'queued' })
  await audit.close()
  trailproof('tiles', place('audit'), '--out', place('audited'))
  const key = join(place('audited'), 'log.vkey')
  expect("tlogcheck on an audit's log", true, tlogcheck(['-tiles', place('audited'), '-key', key]))
  expect("fsck on an audit's log", true, fsck(`${pathToFileURL(place('audited'))}/`, key))
}
