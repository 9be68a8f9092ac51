// Builds log folders without any of the product's code: a naive recursive RFC 6962 tree, notes signed by hand, tiles by
// definition. Slow and plain on purpose; verify is held against it.
import { createHash, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

export const sha256 = (...parts: (Uint8Array | string)[]): Buffer =>
  parts.reduce((hash, part) => hash.update(part), createHash('sha256')).digest()

export const leafOf = (line: Uint8Array | string): Buffer => sha256(Buffer.of(0), line)

/** RFC 6962 section 2.1, word for word. */
export function treeRoot(leaves: readonly Buffer[]): Buffer {
  if (leaves.length === 0) return sha256('')
  if (leaves.length === 1) return leaves[0]!
  let k = 1
  while (k * 2 < leaves.length) k *= 2
  return sha256(Buffer.of(1), treeRoot(leaves.slice(0, k)), treeRoot(leaves.slice(k)))
}

export interface Signer {
  origin: string
  key: KeyObject
  raw: Buffer
  vkey: string
  /** The public key alone. */
  bare: string
  pem: string
}

export function makeSigner(origin = 'shop/7f3a/shop-0'): Signer {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  const raw = publicKey.export({ format: 'der', type: 'spki' }).subarray(-32)
  return signerOf(origin, privateKey, raw, publicKey.export({ format: 'pem', type: 'spki' }) as string)
}

/** The same key under another name. */
export const renamed = (signer: Signer, origin: string): Signer => signerOf(origin, signer.key, signer.raw, signer.pem)

function signerOf(origin: string, key: KeyObject, raw: Buffer, pem: string): Signer {
  const vkey = `${origin}+${keyId(origin, raw).toString('hex')}+${Buffer.concat([Buffer.of(1), raw]).toString('base64')}`
  return { origin, key, raw, vkey, bare: raw.toString('base64'), pem }
}

const keyId = (origin: string, raw: Buffer) => sha256(`${origin}\n`, Buffer.of(1), raw).subarray(0, 4)

/** A checkpoint over leaves. */
export function makeNote({ origin, key, raw }: Signer, leaves: readonly Buffer[], size = leaves.length): string {
  const text = `${origin}\n${size}\n${treeRoot(leaves).toString('base64')}\n`
  return `${text}\n\u2014 ${origin} ${Buffer.concat([keyId(origin, raw), sign(null, Buffer.from(text), key)]).toString('base64')}\n`
}

export const makeLine = (seq: number, more: Record<string, unknown> = {}): string =>
  JSON.stringify({
    v: 1,
    seq,
    id: `id-${seq}`,
    time: new Date(Date.UTC(2026, 10, 23, 9, 0, 0, seq)).toISOString(),
    event: 'login.failed',
    outcome: 'failure',
    actor: { claimed: `c${seq}` },
    ...more,
  })

export interface LogPlan {
  signer: Signer
  lines: string[]
  /** Sizes that were signed, ascending. */
  signed: number[]
  /** First indexes of further segments. */
  rolls?: number[]
  tiles?: boolean
}

/** Lines 0 to n - 1, signed at their end. */
export const planOf = (signer: Signer, n: number, signed: number[] = [n]): LogPlan => ({
  signer,
  lines: Array.from({ length: n }, (_, seq) => makeLine(seq)),
  signed,
})

/** Every file of a log folder, by path below it. */
export function logFiles({ signer, lines, signed, rolls = [], tiles = true }: LogPlan): Map<string, string | Buffer> {
  const leaves = lines.map(leafOf)
  const files = new Map<string, string | Buffer>([['log.vkey', `${signer.vkey}\n`]])
  const starts = [0, ...rolls]
  for (const [i, first] of starts.entries()) {
    const part = lines.slice(first, starts[i + 1] ?? lines.length)
    files.set(segmentPath(first), part.map((line) => `${line}\n`).join(''))
  }
  const notes = signed.map((size) => makeNote(signer, leaves.slice(0, size)))
  if (notes.length > 0) {
    files.set('checkpoints.log', notes.join(''))
    files.set('checkpoint', notes.at(-1)!)
  }
  if (tiles) for (const [path, bytes] of tileFiles(leaves.slice(0, signed.at(-1) ?? 0))) files.set(path, bytes)
  return files
}

export const segmentPath = (first: number): string => `seg/${String(first).padStart(20, '0')}.jsonl`

export function tileFiles(leaves: readonly Buffer[]): [string, Buffer][] {
  const files: [string, Buffer][] = []
  let hashes = [...leaves]
  for (let level = 0; hashes.length > 0; level++) {
    const next: Buffer[] = []
    for (let n = 0; n * 256 < hashes.length; n++) {
      const tile = hashes.slice(n * 256, (n + 1) * 256)
      files.push([tilePath(level, n, tile.length), Buffer.concat(tile)])
      if (tile.length === 256) next.push(treeRoot(tile))
    }
    hashes = next
  }
  return files
}

export function tilePath(level: number | 'entries', n: number, width: number): string {
  const groups = String(n)
    .padStart(Math.ceil(String(n).length / 3) * 3, '0')
    .match(/.{3}/g)!
  const name = groups.map((group, i) => (i < groups.length - 1 ? `x${group}` : group)).join('/')
  return `tile/${level}/${name}${width < 256 ? `.p/${width}` : ''}`
}

const made: string[] = []

export function tempDir(): string {
  const dir = mkdtempSync(join(tmpdir(), 'trailproof-verify-'))
  made.push(dir)
  return dir
}

export function removeTempDirs(): void {
  for (const dir of made.splice(0)) rmSync(dir, { recursive: true, force: true })
}

/** Writes a log folder and gives its path. */
export function writeLog(files: Map<string, string | Buffer>, dir = join(tempDir(), 'shop-0')): string {
  for (const [path, content] of files) {
    mkdirSync(dirname(join(dir, path)), { recursive: true })
    writeFileSync(join(dir, path), content)
  }
  return dir
}
