// What `audit.storage_checked` says: where this log is kept, and whether that place can keep it.
import { readdir, stat, statfs } from 'node:fs/promises'
import { join } from 'node:path'
import { placeOfLog } from '../verify/log-place.js'
import { SEGMENTS, segmentsAmong, TILES } from '../writers/file/layout.js'
import { fail, ok, type StorageCheck, warn } from './check.js'
import { keyChecks } from './keys.js'
import { isLockHeld } from './lock.js'
import { storageChecks } from './storage.js'

export interface StorageFacts {
  /** Something `fail`ed. */
  failed: boolean
  data: Record<string, unknown>
}

/**
 * @param folder of the log that this process writes
 * @param keysDir where its keys are, when they are files
 */
export async function storageFacts(folder: string, keysDir: string | undefined): Promise<StorageFacts> {
  const held = await isLockHeld(placeOfLog(folder)?.lockFile)
  const checks = [
    ...storageChecks(folder),
    await folderPrivate(folder),
    ...(keysDir === undefined ? [] : keyChecks(keysDir)),
    lock(held),
  ]
  const segments = segmentsAmong(await readdir(join(folder, SEGMENTS)))
  const sizes = await Promise.all(segments.map(({ name }) => stat(join(folder, SEGMENTS, name))))
  const { bavail, bsize } = await statfs(folder)
  return {
    failed: checks.some(({ status }) => status === 'fail'),
    data: {
      checks: Object.fromEntries(checks.map(({ id, status }) => [id, status])),
      found: checks.filter(({ status }) => status !== 'ok').map(({ detail }) => detail),
      filesystem: checks[1]!.detail,
      free_bytes: bavail * bsize,
      segments: segments.length,
      segment_bytes: sizes.reduce((sum, { size }) => sum + size, 0),
      tiles: await countFiles(join(folder, TILES)),
      lock_held: held ?? null,
    },
  }
}

async function folderPrivate(folder: string): Promise<StorageCheck> {
  const mode = (await stat(folder)).mode & 0o777
  const text = `the folder of the log has mode 0${mode.toString(8)}`
  if ((mode & 0o022) !== 0) return fail('mode', `${text}: others may change it`, 'chmod 700')
  return (mode & 0o077) === 0 ? ok('mode', text) : warn('mode', `${text}: others may look into it`, 'chmod 700')
}

// This process holds the log, so a lock that the kernel knows nothing of keeps nobody else away.
function lock(held: boolean | undefined): StorageCheck {
  if (held === undefined) return warn('lock', 'cannot tell whether the lock is held', 'install util-linux for flock(1)')
  if (held) return ok('lock', 'the lock is held')
  return fail('lock', 'the lock of this log is not held: its file was replaced or removed', 'restart the application')
}

async function countFiles(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => [])
  return entries.filter((entry) => entry.isFile()).length
}
