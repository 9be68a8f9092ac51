// A log in memory whose every size can be signed and proved, and a witness's key; made without the product's log.
import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { leafOf, makeNote, makeSigner, type Signer, treeRoot } from '../../../core/test/verify/fixture.js'
import { subproof } from '../../../tlog/test/helpers.js'
import type { AnchorCheckpoint } from '../../src/index.js'

export class TestLog {
  readonly #leaves: Buffer[]

  /** @param history - two logs of one signer with differing histories are a fork */
  constructor(
    readonly signer: Signer = makeSigner(),
    history = 'a',
    size = 600,
    shared = 0,
  ) {
    this.#leaves = Array.from({ length: size }, (_, i) => leafOf(`${i < shared ? 'a' : history} ${i}`))
  }

  at(size: number): AnchorCheckpoint {
    const leaves = this.#leaves.slice(0, size)
    return { origin: this.signer.origin, size, root: treeRoot(leaves), note: makeNote(this.signer, leaves) }
  }

  proof(from: number, to: number): Uint8Array[] {
    return subproof(from, this.#leaves.slice(0, to))
  }

  /** As an anchor is given it. */
  prove(to: number): (from: number) => Promise<Uint8Array[]> {
    return async (from) => this.proof(from, to)
  }

  /** Body of an add-checkpoint request. */
  request(from: number, to: number, proof: Uint8Array[] | undefined = undefined): string {
    const hashes = proof ?? (from === 0 || from >= to ? [] : this.proof(from, to))
    const lines = hashes.map((hash) => `${Buffer.from(hash).toString('base64')}\n`).join('')
    return `old ${from}\n${lines}\n${this.at(to).note}`
  }
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
