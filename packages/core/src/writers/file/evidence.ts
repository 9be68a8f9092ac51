// What anchors need of logs on disk. Reads what the writer has put there, and adds files to anchors/, which nobody else
// writes; so it needs neither the writer nor its lock, and never waits for it.
import { mkdir, readdir, stat } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { consistencyProof, parseVkey, TILE_WIDTH, tileHashReader, tilePath } from '@trailproof/tlog'
import { TrailproofError } from '../../errors.js'
import { hasher, sha256 } from '../../log/crypto.js'
import { replaceAsync, syncFolderAsync } from '../../privacy/files.js'
import { openRegular } from '../../verify/regular.js'
import type { Evidence } from '../writer.js'
import { ANCHORS, CHECKPOINT, epochName, newestEpoch, VKEY } from './layout.js'
import { pruneReceipts } from './receipts.js'

const MAX_SMALL = 64 * 1024
/** A running log replaces its partial tiles: between listing and reading one may be gone. */
const ATTEMPTS = 3

/** @param dir - folder of the logs of all slots */
export function fileEvidence(dir: string, slot: string): Evidence {
  const root = resolve(dir)
  const folders = new Map<string, string>()

  const candidates = async () => {
    const epoch = newestEpoch(slot, await readdir(root).catch(() => []))
    return [epoch - 1, epoch].filter((n) => n > 0).map((n) => join(root, epochName(slot, n)))
  }
  const folderOf = async (origin: string) => {
    const known = folders.get(origin)
    if (known !== undefined) return known
    for (const folder of await candidates())
      if ((await originIn(folder)) === origin) {
        folders.set(origin, folder)
        return folder
      }
    throw new TrailproofError('TRAILPROOF_LOG_NOT_FOUND', `there is no log ${origin} in ${root}`, { path: root })
  }

  return {
    async origins() {
      const found = await Promise.all((await candidates()).map(originIn))
      return found.filter((origin) => origin !== undefined)
    },
    checkpoint: async (origin) => (await readSmall(join(await folderOf(origin), CHECKPOINT)))?.toString('utf8'),
    async prove(origin, from, to) {
      const folder = await folderOf(origin)
      const read = tileHashReader(hasher, to, (level, index, width) => readTile(folder, level, index, width))
      return consistencyProof(hasher, from, to, read)
    },
    async keep(origin, name, bytes) {
      const folder = join(await folderOf(origin), ANCHORS)
      await ensureFolder(folder)
      await replaceAsync(join(folder, name), bytes, 0o640)
      await pruneReceipts(folder)
    },
  }
}

async function originIn(folder: string): Promise<string | undefined> {
  try {
    const text = await readSmall(join(folder, VKEY))
    return text && parseVkey(sha256, text.toString('utf8').replace(/\n$/, '')).name
  } catch {
    return undefined
  }
}

/** The bytes of a tile that has at least `width` hashes: the full one, or the widest partial. */
async function readTile(folder: string, level: number, index: number, width: number): Promise<Uint8Array> {
  const full = join(folder, tilePath(level, index))
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    const whole = await readSmall(full)
    if (whole) return whole
    const widths = (await readdir(`${full}.p`).catch(() => [])).filter((name) => /^[1-9]\d{0,2}$/.test(name))
    const widest = Math.max(0, ...widths.map(Number))
    const bytes = widest >= width && widest < TILE_WIDTH ? await readSmall(join(`${full}.p`, `${widest}`)) : undefined
    if (bytes) return bytes
  }
  throw new TrailproofError('TRAILPROOF_LOG_UNREADABLE', `the hash tile ${level}/${index} of ${folder} is not there`, {
    path: full,
    hint: 'it is rebuilt when the log is opened the next time',
  })
}

/** Undefined when nothing is there, or no plain file. */
async function readSmall(path: string): Promise<Buffer | undefined> {
  const file = await openRegular(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined
    throw error
  })
  if (!file) return undefined
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(MAX_SMALL), 0, MAX_SMALL, 0)
    return buffer.subarray(0, bytesRead)
  } finally {
    await file.close()
  }
}

async function ensureFolder(folder: string): Promise<void> {
  if (await stat(folder).catch(() => undefined)) return
  await mkdir(folder, { mode: 0o750 })
  await syncFolderAsync(dirname(folder))
}
