// The file key store: a salt for every account, a key for every day. Each is durable before the first line that needs it,
// and the same for all processes that share the folder. Destroying one unlinks what it made (DESIGN section 8).
import { randomBytes } from 'node:crypto'
import { type FileHandle, open, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { TrailproofError } from '../errors.js'
import { createOnceAsync, makePrivateFolderAsync, syncFolderAsync } from './files.js'

export interface KeyStore {
  /** The salt of an account, 32 bytes; made when it is new. `account` is a keyed index, never an id. */
  accountSalt(account: string): Promise<Buffer>
  /** The key of a UTC day (`2026-11-23`), 32 bytes; made when it is new. */
  dayKey(day: string): Promise<Buffer>
}

/**
 * A key store in a folder: `accounts/<first two characters>.jsonl`, appended only, and `days/<day>.key`.
 * Of two salts for one account the first line wins, whichever process wrote it: O_APPEND orders the lines.
 */
export function fileKeyStore(dir: string): KeyStore {
  const under = new Map<string, Promise<Buffer>>()
  const synced = new Map<string, number>()
  // Two askers in this process share one answer; a failed one is forgotten, so that it can be tried again.
  const once = (key: string, make: () => Promise<Buffer>) => {
    const running = under.get(key)
    if (running) return running
    const made = make().finally(() => under.delete(key))
    under.set(key, made)
    return made
  }
  return {
    accountSalt: (account) => once(account, () => accountSalt(join(dir, 'accounts'), account, synced)),
    dayKey: (day) => once(day, () => dayKey(join(dir, 'days'), day)),
  }
}

/** @param synced sizes of the files up to which this process knows them to be durable */
async function accountSalt(dir: string, account: string, synced: Map<string, number>): Promise<Buffer> {
  const path = join(
    dir,
    `${account
      .slice(0, 2)
      .replace(/[^a-zA-Z0-9]/g, '_')
      .toLowerCase()}.jsonl`,
  )
  const known = await firstSalt(path, account)
  if (known) {
    // Another process may have written it a moment ago, and a power cut may still take it away.
    if (known.end > (synced.get(path) ?? 0)) await syncFile(path)
    synced.set(path, Math.max(known.end, synced.get(path) ?? 0))
    return known.salt
  }
  await makePrivateFolderAsync(dir)
  const file = await open(path, 'a', 0o600)
  try {
    await appendSalt(file, account)
  } finally {
    await file.close()
  }
  await syncFolderAsync(dir)
  const written = await firstSalt(path, account)
  if (!written)
    throw new TrailproofError('TRAILPROOF_KEY_UNREADABLE', `the salt just written to ${path} is not there`, { path })
  synced.set(path, Math.max(written.end, synced.get(path) ?? 0))
  return written.salt
}

async function syncFile(path: string): Promise<void> {
  const file = await open(path, 'r')
  try {
    await file.datasync()
  } finally {
    await file.close()
  }
}

async function appendSalt(file: FileHandle, account: string): Promise<void> {
  // Starts with a line end, so that a line torn by a crash before us does not swallow ours.
  const line = Buffer.from(`\n{"account":"${account}","salt":"${randomBytes(32).toString('base64url')}"}\n`)
  const { bytesWritten } = await file.write(line)
  if (bytesWritten !== line.length) throw new Error(`only ${bytesWritten} of ${line.length} bytes could be written`)
  await file.datasync() // durable from here on
}

/** The salt of an account, and where its line ends. */
async function firstSalt(path: string, account: string): Promise<{ salt: Buffer; end: number } | undefined> {
  const text = await readFile(path, 'latin1').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return ''
    throw error
  })
  const found = new RegExp(`^\\{"account":"${account}","salt":"([\\w-]{43})"\\}$`, 'm').exec(text)
  return found ? { salt: Buffer.from(found[1]!, 'base64url'), end: found.index + found[0].length } : undefined
}

/** @throws TRAILPROOF_EVENT_INVALID a day names a file; nothing else may */
export function checkDay(day: string): void {
  if (typeof day === 'string' && /^\d{4}-\d{2}-\d{2}$/.test(day)) return
  throw new TrailproofError('TRAILPROOF_EVENT_INVALID', 'a day must be written as 2026-11-23', {
    issues: [{ path: 'day', message: 'must be YYYY-MM-DD, UTC' }],
  })
}

async function dayKey(dir: string, day: string): Promise<Buffer> {
  checkDay(day)
  const path = join(dir, `${day}.key`)
  const there = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw error
  })
  if (there !== undefined) return parseDayKey(there, path)
  await makePrivateFolderAsync(dir)
  return parseDayKey(await createOnceAsync(path, `${randomBytes(32).toString('base64url')}\n`), path)
}

function parseDayKey(text: string, path: string): Buffer {
  if (!/^[\w-]{43}\n?$/.test(text))
    throw new TrailproofError('TRAILPROOF_KEY_INVALID', `${path} is not a day key`, { path })
  return Buffer.from(text.trim(), 'base64url')
}

/** Keeps salts and day keys in memory, for tests and for logs in memory. */
export function memoryKeyStore(): KeyStore {
  const known = new Map<string, Buffer>()
  const get = async (key: string) => {
    const value = known.get(key) ?? randomBytes(32)
    known.set(key, value)
    return value
  }
  return { accountSalt: (account) => get(`a ${account}`), dayKey: (day) => get(`d ${day}`) }
}
