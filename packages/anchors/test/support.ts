// Checkpoints as an anchor gets them.
import { generateKeyPairSync, hash, sign } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { AnchorCheckpoint } from '@trailproof/core'
import { ed25519Signer, formatCheckpoint, signNote } from '@trailproof/tlog'
import { onTestFinished } from 'vitest'

export const origin = 'shop/7f3a/shop-0'
const { privateKey, publicKey } = generateKeyPairSync('ed25519')
const raw = publicKey.export({ format: 'der', type: 'spki' }).subarray(-32)
const sha256 = (bytes: Uint8Array) => hash('sha256', bytes, 'buffer')

export function checkpointOf(size: number, fill = size % 256, name = origin): AnchorCheckpoint {
  const root = Buffer.alloc(32, fill)
  const signer = ed25519Signer(sha256, name, raw, (message) => sign(null, message, privateKey))
  return { origin: name, size, root, note: signNote(formatCheckpoint({ origin: name, size, root }), [signer]) }
}

export const signal = (): AbortSignal => new AbortController().signal

export const noProof = async () => []

export function temporaryFolder(): string {
  const dir = mkdtempSync(join(tmpdir(), 'tp-anchors-'))
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }))
  return dir
}
