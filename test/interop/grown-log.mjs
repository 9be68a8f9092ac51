// A log on disk that is grown to the very sizes where tiles begin and end, through the product's own file writer.
import { createHash, generateKeyPairSync, sign } from 'node:crypto'
import { join } from 'node:path'
import { fileWriter } from '@trailproof/core'
import { ed25519Signer, Frontier, formatCheckpoint, MAX_ENTRY_BYTES, signNote, treeHasher } from '@trailproof/tlog'

const sha256 = (data) => createHash('sha256').update(data).digest()
export const hasher = treeHasher(sha256)

const BATCH = 4096
/** This one is as long as a record can be. */
const LONGEST = 200

const lineAt = (seq) => {
  const line = `{"v":1,"seq":${seq},"event":"login.failed","reason":"${'x'.repeat(seq % 40)}"}`
  return seq === LONGEST ? line.replace('"}', `${'y'.repeat(MAX_ENTRY_BYTES - line.length)}"}`) : line
}

export async function growingLog(root) {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  const raw = publicKey.export({ format: 'der', type: 'spki' }).subarray(-32)
  const lease = fileWriter(root).lease('shop')
  const log = await lease.open({ newOrigin: (slot) => `shop/interop/${slot}`, publicKey: raw })
  const signer = ed25519Signer(sha256, log.origin, raw, (message) => sign(null, message, privateKey))
  const tree = new Frontier(hasher)
  return {
    folder: join(root, lease.slot),
    lineAt,
    /** Appends up to a size and signs it; the log stays open. */
    async growTo(size) {
      while (tree.size < size) {
        const first = tree.size
        const lines = Array.from({ length: Math.min(BATCH, size - first) }, (_, i) => lineAt(first + i))
        const leafHashes = Buffer.concat(lines.map((line) => hasher.leaf(Buffer.from(line))))
        const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(''))
        await log.append({ first, count: lines.length, bytes, leafHashes })
        tree.appendAll(leafHashes)
      }
      const note = signNote(formatCheckpoint({ origin: log.origin, size, root: tree.root() }), [signer])
      await log.putCheckpoint(note, { size, sync: true })
    },
    async close() {
      await log.close()
      lease.release()
    },
  }
}
