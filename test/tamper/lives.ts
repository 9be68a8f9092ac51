// Lives of the service on the logs of a scene: the parts of an attack that the product itself plays.
import { createPrivateKey, createPublicKey, sign } from 'node:crypto'
import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Audit, type AuditOptions, folderReader, proveConsistency, type Receipt } from '@trailproof/core'
import { parseCheckpoint, parseNote } from '@trailproof/tlog'
import type { Scene } from './scene.js'
import { open } from './world.js'

/** One more life; `during` records what it likes. */
export async function live(scene: Scene, during: (audit: Audit) => Promise<unknown> = async () => {}, options = {}) {
  const audit = open(scene.dir, options as Partial<AuditOptions>)
  await audit.ready
  await during(audit)
  await audit.close()
}

/** One more life, of which the folder keeps what a kill leaves: `during` has happened, the end has not. */
export async function killed(scene: Scene, during: (audit: Audit) => Promise<unknown>): Promise<void> {
  let restore = () => {}
  await live(scene, async (audit) => {
    await during(audit)
    restore = remember(scene)
  })
  restore()
}

/** Logs and keys as they are now; the answer puts them back. */
function remember({ dir }: Scene): () => void {
  const names = ['audit', 'keys']
  for (const name of names) cpSync(join(dir, name), join(dir, 'left', name), { recursive: true })
  return () => {
    for (const name of names) {
      rmSync(join(dir, name), { recursive: true })
      cpSync(join(dir, 'left', name), join(dir, name), { recursive: true })
    }
  }
}

/** Records one event that is durable before any checkpoint covers it: the signer is away. */
export async function leaveUnsigned(scene: Scene): Promise<Receipt> {
  const key = createPrivateKey(readFileSync(join(scene.dir, 'keys', 'signing.key')))
  const publicKey = createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(-32)
  let away = false
  const signer = {
    publicKey,
    async sign(message: Uint8Array) {
      if (away) throw new Error('the signer is away')
      return sign(null, message, key)
    },
  }
  const audit = open(scene.dir, { keys: { dir: join(scene.dir, 'keys'), signing: signer, signTimeoutMs: 100 } })
  await audit.ready
  await audit.flush()
  away = true
  const receipt = await audit.record({ event: 'role.granted' }, { wait: 'durable' })
  const restore = remember(scene)
  away = false
  await audit.close()
  restore()
  return receipt
}

/** Cuts shop-0 behind its first `size` lines, which are left without a trace of more. */
export function cutLines(scene: Scene, size: number): void {
  for (const name of readdirSync(join(scene.log, 'seg')).sort()) {
    const first = Number(name.slice(0, 20))
    const path = join(scene.log, 'seg', name)
    const lines = readFileSync(path, 'utf8').split('\n').slice(0, -1)
    if (first >= size) rmSync(path)
    else
      writeFileSync(
        path,
        lines
          .slice(0, size - first)
          .map((line) => `${line}\n`)
          .join(''),
      )
  }
}

/** Asks the witness for a cosignature, as the log would. */
export async function submit(scene: Scene, old: number): Promise<number> {
  const note = scene.read('checkpoint')
  const { size, root } = parseCheckpoint(parseNote(note).text)
  const proof = old < size ? await proveConsistency(folderReader(scene.log), old, { size, root }) : []
  const hashes = proof.map((hash) => `${Buffer.from(hash).toString('base64')}\n`).join('')
  return scene.world.witness.submit(`old ${old}\n${hashes}\n${note}`)
}
