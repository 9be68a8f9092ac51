// A log in memory whose every size can be signed and proved, and a witness's key; made without the product's log.
import { createHash, sign } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { leafOf, makeSigner, type Signer, sha256 } from '../../../core/test/verify/fixture.js'
import type { AnchorCheckpoint } from '../../src/index.js'

export class TestLog {
  readonly #leaves: Buffer[]
  readonly #hashes = new Map<string, Buffer>() // RFC 6962's MTH of leaves [from, to)
  readonly #notes = new Map<number, AnchorCheckpoint>()

  /** @param history - two logs of one signer with differing histories are a fork, after the first `shared` leaves */
  constructor(
    readonly signer: Signer = makeSigner(),
    history = 'a',
    size = 600,
    shared = 0,
  ) {
    this.#leaves = Array.from({ length: size }, (_, i) => leafOf(`${i < shared ? 'a' : history} ${i}`))
  }

  at(size: number): AnchorCheckpoint {
    let checkpoint = this.#notes.get(size)
    if (!checkpoint) {
      const { origin } = this.signer
      const root = this.#hash(0, size)
      checkpoint = { origin, size, root, note: noteOver(this.signer, size, root) }
      this.#notes.set(size, checkpoint)
    }
    return checkpoint
  }

  /** PROOF of RFC 6962 2.1.2. */
  proof(first: number, size: number): Uint8Array[] {
    return this.#subproof(first, 0, size, true)
  }

  /** As an anchor is given it. */
  prove(size: number): (first: number) => Promise<Uint8Array[]> {
    return async (first) => this.proof(first, size)
  }

  /** Body of an add-checkpoint request. */
  request(old: number, size: number, proof: Uint8Array[] | undefined = undefined): string {
    const hashes = proof ?? (old === 0 || old >= size ? [] : this.proof(old, size))
    const lines = hashes.map((hash) => `${Buffer.from(hash).toString('base64')}\n`).join('')
    return `old ${old}\n${lines}\n${this.at(size).note}`
  }

  #hash(from: number, to: number): Buffer {
    const key = `${from} ${to}`
    let hash = this.#hashes.get(key)
    if (!hash) {
      hash = to === from ? sha256('') : to === from + 1 ? this.#leaves[from]! : this.#join(from, to)
      this.#hashes.set(key, hash)
    }
    return hash
  }

  #join(from: number, to: number): Buffer {
    const middle = from + half(to - from)
    return sha256(Buffer.of(1), this.#hash(from, middle), this.#hash(middle, to))
  }

  #subproof(first: number, from: number, to: number, whole: boolean): Buffer[] {
    if (first === to) return whole ? [] : [this.#hash(from, to)]
    const middle = from + half(to - from)
    return first <= middle
      ? [...this.#subproof(first, from, middle, whole), this.#hash(middle, to)]
      : [...this.#subproof(first, middle, to, false), this.#hash(from, middle)]
  }
}

/** The largest power of two below `n`. */
function half(n: number): number {
  let k = 1
  while (k * 2 < n) k *= 2
  return k
}

/** A signed checkpoint, true or not. */
export function noteOver({ origin, key, raw }: Signer, size: number, root: Uint8Array): string {
  const text = `${origin}\n${size}\n${Buffer.from(root).toString('base64')}\n`
  const id = sha256(`${origin}\n`, Buffer.of(1), raw).subarray(0, 4)
  return `${text}\n\u2014 ${origin} ${Buffer.concat([id, sign(null, Buffer.from(text), key)]).toString('base64')}\n`
}

export const hashOf = (origin: string): string => createHash('sha256').update(origin).digest('hex')

const made: string[] = []

export function tempDir(): string {
  const dir = mkdtempSync(join(tmpdir(), 'trailproof-witness-'))
  made.push(dir)
  return dir
}

export function removeTempDirs(): void {
  for (const dir of made.splice(0)) rmSync(dir, { recursive: true, force: true })
}
