// What a witness remembers: of each log the newest checkpoint it has cosigned, one file each, named by the origin's hash. All
// its worth lies in never forgetting that. So the folder is bound to one key and one process, what is found at the start is
// synced before it is believed, and nothing is ever taken for a log never seen because its file could not be read.
import { existsSync, mkdirSync, readdirSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { type DiskLock, nodeDisk, TrailproofError } from '@trailproof/core'
import { sha256, verifyEd25519 } from '@trailproof/core/adapter'
import { cosignatureVerifier, encodeHex, openCheckpoint, utf8 } from '@trailproof/tlog'
import { replaceFile, syncPath, TEMPORARY } from './durable.js'

/** The newest checkpoint of one log that bears this witness's cosignature. */
export interface Remembered {
  size: number
  root: Uint8Array
  /** The note, with the log's signatures and ours. */
  note: string
}

const LOCK = 'lock'
const VKEY = 'witness.vkey'
const STATE_NAME = /^[0-9a-f]{64}$/

/** Name of a log in the folder and in the monitoring URL (C2SP tlog-witness). */
export const hashOfOrigin = (origin: string): string => encodeHex(sha256(utf8(origin)))

export class WitnessState {
  readonly #dir: string
  readonly #lock: DiskLock
  readonly #known = new Map<string, Remembered>() // by hash of origin
  readonly #broken = new Set<string>() // a write failed: what is on disk is not known

  private constructor(dir: string, lock: DiskLock) {
    this.#dir = dir
    this.#lock = lock
  }

  /**
   * Takes the folder for this process and reads it.
   *
   * @param init - make a new state. Only for a key that has never cosigned: an empty memory would cosign any history
   * @throws TRAILPROOF_WITNESS_STATE_MISSING this is not the state of this key; with `init`: there is one already
   * @throws TRAILPROOF_WITNESS_LOCKED another process holds it
   * @throws TRAILPROOF_WITNESS_STATE_CORRUPT a file cannot be read, or does not bear our cosignature
   */
  static async open(folder: string, vkey: string, init: boolean): Promise<WitnessState> {
    const dir = resolve(folder)
    if (init) mkdirSync(dir, { recursive: true, mode: 0o750 })
    const present = existsSync(join(dir, VKEY))
    if (present === init) throw missing(dir, init)
    const lock = nodeDisk.lock(join(dir, LOCK))
    if (!lock)
      throw new TrailproofError('TRAILPROOF_WITNESS_LOCKED', `another process holds the witness state ${dir}`, {
        path: dir,
        hint: 'one witness, one process: two would each cosign a history of their own',
      })
    try {
      if (init) await createState(dir, vkey)
      const state = new WitnessState(dir, lock)
      await state.#read(vkey)
      return state
    } catch (error) {
      lock.release()
      throw error
    }
  }

  /** What is known of a log, by the hash of its origin; undefined when none of its checkpoints was ever cosigned. */
  get(hash: string): Remembered | undefined {
    return this.#known.get(hash)
  }

  /**
   * Remembers a checkpoint, durably once it resolves. After a failure nothing more is taken for this log until a new
   * start has seen what is on disk.
   *
   * @throws what the file system throws, or Error: no cosignature may be given out
   */
  async put(hash: string, remembered: Remembered): Promise<void> {
    if (this.#broken.has(hash)) throw new Error('an earlier write of this log failed')
    if (!this.#lock.held()) throw new Error('the lock file was removed: another process may hold the state')
    this.#broken.add(hash) // until the write has succeeded
    await replaceFile(join(this.#dir, hash), remembered.note)
    this.#broken.delete(hash)
    this.#known.set(hash, remembered)
  }

  /** True when a cosignature over what is known already may be given out again. */
  isSound(hash: string): boolean {
    return !this.#broken.has(hash) && this.#lock.held()
  }

  close(): void {
    this.#lock.release()
  }

  async #read(vkey: string): Promise<void> {
    const own = (await this.#text(VKEY)).trim()
    if (own !== vkey) throw missing(this.#dir, false, 'it is the state of another key')
    const verifier = cosignatureVerifier(sha256, vkey, verifyEd25519)
    for (const name of readdirSync(this.#dir).filter((name) => STATE_NAME.test(name))) {
      const note = await this.#text(name)
      try {
        const { checkpoint } = openCheckpoint(note, [verifier])
        if (hashOfOrigin(checkpoint.origin) !== name) throw new Error(`it is of the log ${checkpoint.origin}`)
        this.#known.set(name, { size: checkpoint.size, root: checkpoint.root, note })
      } catch (cause) {
        throw corrupt(join(this.#dir, name), cause)
      }
      // It may stand only in memory yet, if the last process died between renaming and syncing.
      await syncPath(join(this.#dir, name))
    }
    await syncPath(this.#dir)
  }

  async #text(name: string): Promise<string> {
    try {
      return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(await readFile(join(this.#dir, name)))
    } catch (cause) {
      throw corrupt(join(this.#dir, name), cause)
    }
  }
}

async function createState(dir: string, vkey: string): Promise<void> {
  const strangers = readdirSync(dir).filter((name) => name !== LOCK && !name.endsWith(TEMPORARY))
  if (strangers.length > 0) throw missing(dir, true)
  await replaceFile(join(dir, VKEY), `${vkey}\n`)
}

const missing = (dir: string, init: boolean, why = 'it has none') =>
  new TrailproofError(
    'TRAILPROOF_WITNESS_STATE_MISSING',
    init ? `there is something in ${dir} already` : `${dir} is not the state of this witness: ${why}`,
    {
      path: dir,
      hint: init
        ? 'leave --init out: a witness begins once'
        : 'name the right folder; --init only for a key that has never cosigned, since a witness without memory would cosign a forked log',
    },
  )

const corrupt = (path: string, cause: unknown) =>
  new TrailproofError(
    'TRAILPROOF_WITNESS_STATE_CORRUPT',
    `what the witness remembers in ${path} cannot be used: ${(cause as Error).message}`,
    {
      path,
      hint: 'restore the newest copy, or retire this key; never start afresh with it',
      cause,
    },
  )
