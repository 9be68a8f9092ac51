// Proves a log folder afresh. Shares no code with what writes logs: hashing, trees, notes, keys and file names are done
// here a second time, plainly, after RFC 6962 and C2SP, with node:crypto alone.
import { createHash, createPublicKey, verify } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { checkNumbers } from './check-numbers.js'

/** What is needed of a disk; CrashDisk has it. */
export interface LookInto {
  list(path: string): string[] | undefined
  readFile(path: string): Buffer
}

export interface CheckLogOptions {
  /** Receipts given out for this log: each must be kept. */
  acknowledged?: Iterable<{ index: number; leafHash: string }>
  /** Demand every tile of the newest synced checkpoint's size. */
  tiles?: boolean
  /** The key that must have signed first, 32 bytes; default the first one in the folder. */
  publicKey?: Uint8Array
  disk?: LookInto
}

export interface CheckedLog {
  origin: string
  /** Lines that are there; the first is leaf `begin`. */
  lines: string[]
  /** 0, or how many leaves were purged under a signed record. */
  begin: number
  /** Size of the newest checkpoint anywhere in the folder. */
  signedSize: number
  /** Size of `checkpoint`. */
  syncedSize: number
  checkpoints: number
}

const nodeFs: LookInto = {
  list: (path) => (existsSync(path) && statSync(path).isDirectory() ? readdirSync(path) : undefined),
  readFile: (path) => readFileSync(path),
}

/**
 * Proves that a folder, opened since the last crash, is a whole log: lines from 0 without gap, repetition, NUL or half
 * line; every checkpoint signed, over lines that are there, with their root; every receipt kept. Where lines are missing at
 * the beginning, a signed record must say that they were purged, and their hashes stand in for them. In a log that was not
 * purged, no running number `n` is missing that no record declares.
 *
 * @throws Error naming the first thing that is wrong
 */
export function checkLog(
  folder: string,
  { acknowledged = [], tiles = false, publicKey, disk = nodeFs }: CheckLogOptions = {},
): CheckedLog {
  const keys = readKeys(disk.readFile(`${folder}/log.vkey`).toString('utf8'))
  if (publicKey && !keys[0]!.publicKey.equals(publicKey)) fail('log.vkey holds another key')
  const { begin, lines } = readLines(disk, folder)
  const tree = naiveTree([...keptHashes(disk, folder, begin), ...lines.map(leafHash)])
  const size = begin + lines.length

  const history = disk.list(folder)?.includes('checkpoints.log')
    ? readNotes(disk.readFile(`${folder}/checkpoints.log`).toString('utf8'), keys)
    : []
  const synced = disk.list(folder)?.includes('checkpoint')
    ? readNotes(disk.readFile(`${folder}/checkpoint`).toString('utf8'), keys)
    : []
  if (synced.length > 1) fail('checkpoint holds more than one note')
  for (const { size: signed, root } of [...history, ...synced]) {
    if (signed > size) fail(`a checkpoint signs ${signed} lines, but there are ${size}`)
    if (!tree.root(signed).equals(root)) fail(`the checkpoint of ${signed} has another root than its lines`)
  }
  checkTurns(keys, lines, [...history, ...synced])
  for (const [i, { size }] of history.slice(1).entries())
    if (size < history[i]!.size) fail(`checkpoint ${i + 1} of the history is smaller than the one before`)
  if (synced[0] && !history.some(({ note }) => note === synced[0]!.note))
    fail('checkpoint does not stand in the history')

  for (const { index, leafHash: expected } of acknowledged)
    if (index >= size || tree.leaf(index).toString('hex') !== expected)
      fail(`acknowledged line ${index} is ${index >= size ? 'missing' : 'another'}`)
  if (begin === 0) checkNumbers(lines.map(String))
  const syncedSize = synced[0]?.size ?? 0
  if (tiles) checkTiles(disk, folder, tree, syncedSize)
  const signedSize = Math.max(syncedSize, ...history.map((note) => note.size))
  if (begin > 0 && !lines.slice(0, signedSize - begin).some((line) => excuses(line, begin, tree)))
    fail(`lines 0 to ${begin - 1} are missing, and no signed record says that they were purged`)
  return {
    origin: keys[0]!.name,
    lines: lines.map(String),
    begin,
    signedSize,
    syncedSize,
    checkpoints: history.length,
  }
}

function readLines(disk: LookInto, folder: string): { begin: number; lines: Buffer[] } {
  const names = (disk.list(`${folder}/seg`) ?? []).sort()
  const begin = Number(names[0]?.slice(0, 20) ?? 0)
  const lines: Buffer[] = []
  for (const name of names) {
    const next = begin + lines.length
    if (!/^\d{20}\.jsonl$/.test(name)) fail(`seg/${name} is no segment`)
    if (Number(name.slice(0, 20)) !== next) fail(`seg/${name} should begin at line ${next}`)
    const bytes = disk.readFile(`${folder}/seg/${name}`)
    if (bytes.length === 0) continue // begun, and nothing acknowledged in it yet
    if (bytes.at(-1) !== 10) fail(`seg/${name} ends in half a line`)
    if (bytes.includes(0)) fail(`seg/${name} holds a NUL`)
    for (let at = 0; at < bytes.length; ) {
      const end = bytes.indexOf(10, at)
      const line = bytes.subarray(at, end)
      const { v, seq } = JSON.parse(line.toString('utf8'))
      if (v !== 1 || seq !== begin + lines.length) fail(`line ${begin + lines.length} says seq ${seq}`)
      if (line.length > 65_535) fail(`line ${seq} is too long`)
      lines.push(line)
      at = end + 1
    }
  }
  return { begin, lines }
}

/** What is left of purged lines: their leaf hashes, in the tiles. */
function keptHashes(disk: LookInto, folder: string, count: number): Buffer[] {
  const hashes: Buffer[] = []
  for (let tile = 0; hashes.length < count; tile++) {
    const bytes = disk.readFile(`${folder}/tile/0/${tileNumber(tile)}`)
    if (bytes.length !== 256 * 32) fail(`tile 0/${tile} of purged lines is not full`)
    for (let at = 0; at < bytes.length && hashes.length < count; at += 32) hashes.push(bytes.subarray(at, at + 32))
  }
  return hashes
}

function excuses(line: Buffer, begin: number, tree: Tree): boolean {
  const { seq, time, event, source, data } = JSON.parse(line.toString('utf8'))
  if (event !== 'audit.retention_purged' || source !== 'audit' || data.to < begin || data.to > seq) return false
  if (tree.root(data.to).toString('base64') !== data.root) fail(`the purge record at ${seq} states another root`)
  if (Date.parse(time) - Date.parse(data.newest) < data.older_than_days * 86_400_000)
    fail(`the purge record at ${seq} covers records that were too young`)
  return true
}

// ── RFC 6962 section 2.1, as written there ──────────────────────────────────────────────────────────────────────────

const sha256 = (...parts: Uint8Array[]) => {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part)
  return hash.digest()
}
const leafHash = (line: Uint8Array) => sha256(Uint8Array.of(0), line)

interface Tree {
  leaf(index: number): Buffer
  root(size: number): Buffer
  /** Root over leaves [from, to). */
  range(from: number, to: number): Buffer
}

function naiveTree(leaves: Buffer[]): Tree {
  const known = new Map<string, Buffer>() // or each checkpoint would hash the whole log again
  const range = (from: number, to: number): Buffer => {
    if (to - from === 0) return sha256()
    if (to - from === 1) return leaves[from]!
    const id = `${from}-${to}`
    let hash = known.get(id)
    if (!hash) {
      let k = 1
      while (k * 2 < to - from) k *= 2
      hash = sha256(Uint8Array.of(1), range(from, from + k), range(from + k, to))
      known.set(id, hash)
    }
    return hash
  }
  return { leaf: (index) => leaves[index]!, root: (size) => range(0, size), range }
}

// ── C2SP tlog-tiles ─────────────────────────────────────────────────────────────────────────────────────────────────

function checkTiles(disk: LookInto, folder: string, tree: Tree, size: number): void {
  for (let level = 0, span = 1; size >= span; level++, span *= 256) {
    const hashes = Math.floor(size / span)
    for (let tile = 0; tile * 256 < hashes; tile++) {
      const width = Math.min(256, hashes - tile * 256)
      const expected = Buffer.concat(
        Array.from({ length: width }, (_, i) => tree.range((tile * 256 + i) * span, (tile * 256 + i + 1) * span)),
      )
      const path = `${folder}/tile/${level}/${tileNumber(tile)}${width < 256 ? `.p/${width}` : ''}`
      if (!disk.readFile(path).equals(expected)) fail(`${path} does not hold the hashes of its lines`)
    }
  }
}

function tileNumber(n: number): string {
  const groups = [String(n % 1000).padStart(3, '0')]
  for (let rest = Math.floor(n / 1000); rest > 0; rest = Math.floor(rest / 1000))
    groups.unshift(`x${String(rest % 1000).padStart(3, '0')}`)
  return groups.join('/')
}

// ── C2SP signed-note and tlog-checkpoint ────────────────────────────────────────────────────────────────────────────

interface Key {
  name: string
  id: Buffer
  publicKey: Buffer
}

function readKeys(text: string): Key[] {
  const keys = text.split(/(?<=\n)/).map(readKey)
  if (keys.some(({ name }) => name !== keys[0]!.name)) fail('log.vkey holds keys of several logs')
  return keys
}

function readKey(text: string): Key {
  const [, name, id, base64] = /^([^+\s]+)\+([0-9a-f]{8})\+(\S+)\n$/.exec(text) ?? fail('log.vkey is not a key')
  const raw = Buffer.from(base64!, 'base64')
  const expected = sha256(Buffer.from(`${name}\n`), raw).subarray(0, 4)
  if (raw[0] !== 1 || raw.length !== 33 || expected.toString('hex') !== id) fail('log.vkey does not fit its id')
  return { name: name!, id: expected, publicKey: raw.subarray(1) }
}

interface Note {
  size: number
  root: Buffer
  note: string
  /** Place of its key in log.vkey. */
  turn: number
}

/** Each key but the first came by a record whose checkpoint, of exactly that size, the key before it signed last. */
function checkTurns(keys: Key[], lines: Buffer[], notes: Note[]): void {
  const borders = keys.map(({ publicKey }, turn) => {
    if (turn === 0) return -1
    const before = notes.filter((note) => note.turn === turn - 1)
    const border = before.find(({ size }) => {
      const { event, data } = size > 0 ? JSON.parse(String(lines[size - 1])) : {}
      return event === 'audit.key_rotated' && readKey(`${data.next}\n`).publicKey.equals(publicKey)
    })
    return border?.size ?? fail(`nobody handed the log over to key ${turn} of log.vkey`)
  })
  for (const { size, turn } of notes)
    if (size <= borders[turn]! || size > (borders[turn + 1] ?? Number.POSITIVE_INFINITY))
      fail(`key ${turn} of log.vkey signed ${size} lines, which was not its turn`)
}

function readNotes(file: string, keys: Key[]): Note[] {
  const notes: Note[] = []
  const pattern = /([^\n]+)\n(\d+)\n([A-Za-z0-9+/=]{44})\n\n\u2014 ([^ \n]+) ([A-Za-z0-9+/=]+)\n/y
  while (pattern.lastIndex < file.length) {
    const at = pattern.lastIndex
    const [note, origin, size, root, name, payload] =
      pattern.exec(file) ?? fail(`byte ${at} of the checkpoints begins no note`)
    const signature = Buffer.from(payload!, 'base64')
    const body = Buffer.from(`${origin}\n${size}\n${root}\n`)
    const turn = keys.findIndex((key) => signature.subarray(0, 4).equals(key.id))
    const key = keys[turn]
    if (!key || origin !== key.name || name !== key.name) return fail(`a checkpoint of ${origin} stands here`)
    if (!isSigned(key.publicKey, body, signature.subarray(4))) fail(`the signature over ${size} lines is wrong`)
    notes.push({ size: Number(size), root: Buffer.from(root!, 'base64'), note: note!, turn })
  }
  return notes
}

/** What was verified once need not be again: crash tests prove the same log many times over. */
const verified = new Set<string>()

function isSigned(publicKey: Buffer, body: Buffer, signature: Buffer): boolean {
  const claim = Buffer.concat([publicKey, signature, body]).toString('latin1')
  if (verified.has(claim)) return true
  const spki = Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), publicKey])
  if (!verify(null, body, createPublicKey({ key: spki, format: 'der', type: 'spki' }), signature)) return false
  if (verified.size > 10_000) verified.clear()
  verified.add(claim)
  return true
}

function fail(problem: string): never {
  throw new Error(`checkLog: ${problem}`)
}
