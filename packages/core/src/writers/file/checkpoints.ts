// The signed checkpoints of a log: `checkpoint`, the newest that is synced, and `checkpoints.log`, every one.
import { join } from 'node:path'
import { equalBytes, openCheckpoint } from '@trailproof/tlog'
import { checkpointVerifier } from '../../log/crypto.js'
import { type Disk, isFull } from './disk.js'
import { readPieces, readSmall, replaceFile, writeWhole } from './durable.js'
import { CHECKPOINT, CHECKPOINT_HISTORY, TEMPORARY } from './layout.js'
import type { Steps } from './steps.js'
import { sizeOfNote, Thinner, type Thinning } from './thinning.js'

/** A checkpoint whose signature verified under the log's own name. */
export interface SignedSize {
  size: number
  root: Uint8Array
  note: string
  /** The public key that signed it. */
  key: Uint8Array
}

export interface FoundCheckpoints {
  newest: SignedSize | undefined
  /** True when `checkpoint` is the newest. */
  newestIsSynced: boolean
  /** Bytes of the history up to the synced checkpoint: durable. */
  historySynced: number
  /** Verified checkpoints behind it, which a power cut may yet take. */
  loose: string[]
  /** Bytes at the end that are no checkpoint. */
  torn: Buffer
}

const MAX_NOTE_BYTES = 64 * 1024
const FIRST_WINDOW = 64 * 1024

/** Whom to believe: the log's own name, and the keys that the process was given. */
export interface Believed {
  origin: string
  keys: readonly Uint8Array[]
}

/**
 * Finds the newest checkpoint that verifies.
 *
 * @returns a text when the folder contradicts itself: `checkpoint` is replaced in one step by what was synced before, so
 * no crash can leave it half written, and no honest log signs two roots for one size
 */
export function readCheckpoints(disk: Disk, folder: string, believed: Believed): FoundCheckpoints | string {
  const bytes = readSmall(disk, join(folder, CHECKPOINT), MAX_NOTE_BYTES)
  const synced = bytes && verified(bytes.toString('utf8'), believed)
  if (bytes && !synced) return 'the checkpoint is not one that this log signed'
  const { historySynced, tail } = readTail(disk, join(folder, CHECKPOINT_HISTORY), bytes)
  const found = notesIn(tail, believed)
  let newest = synced
  for (const checkpoint of found.notes) {
    const twin = [synced, newest].find((other) => other?.size === checkpoint.size)
    if (twin && !equalBytes(twin.root, checkpoint.root))
      return `two checkpoints of size ${checkpoint.size} have different roots`
    if (!newest || checkpoint.size > newest.size) newest = checkpoint
  }
  // Where someone has taken the synced checkpoint out of the history, it is put back into its place.
  const behind = found.notes.filter(({ note }) => note !== synced?.note)
  if (synced && historySynced === 0) behind.push(synced)
  const loose = behind.sort((a, b) => a.size - b.size).map(({ note }) => note)
  return { newest, newestIsSynced: newest === synced, historySynced, loose, torn: found.torn }
}

/** The newest checkpoint as text, not verified, for citing a log that cannot be opened. */
export function citedCheckpoint(disk: Disk, folder: string): string | undefined {
  return readSmall(disk, join(folder, CHECKPOINT), MAX_NOTE_BYTES)?.toString('utf8')
}

function verified(note: string, { origin, keys }: Believed): SignedSize | undefined {
  for (const key of keys)
    try {
      const { checkpoint } = openCheckpoint(note, [checkpointVerifier(origin, key)], origin)
      return { size: checkpoint.size, root: checkpoint.root, note, key }
    } catch {
      // not by this one
    }
  return undefined
}

/** What stands behind the synced note in the history; all of the history when it is not in there. */
function readTail(disk: Disk, path: string, synced: Buffer | undefined): { historySynced: number; tail: Buffer } {
  const size = disk.stat(path)?.size ?? 0
  if (size === 0) return { historySynced: 0, tail: Buffer.alloc(0) }
  const fd = disk.open(path, 'read')
  try {
    for (let window = Math.min(size, FIRST_WINDOW); ; window = Math.min(size, window * 4)) {
      const tail = Buffer.alloc(window)
      disk.read(fd, tail, size - window)
      const at = synced ? tail.lastIndexOf(synced) : -1
      if (at >= 0) {
        const end = at + synced!.length
        return { historySynced: size - window + end, tail: tail.subarray(end) }
      }
      if (window === size) return { historySynced: 0, tail }
    }
  } finally {
    disk.close(fd)
  }
}

/** Every note of this log that verifies, in file order, whatever a crash left between them. */
function notesIn(tail: Buffer, believed: Believed): { notes: SignedSize[]; torn: Buffer } {
  const origin = believed.origin.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
  const text = tail.toString('latin1') // one character for each byte, so that positions are offsets
  const pattern = new RegExp(`${origin}\\n\\d+\\n[A-Za-z0-9+/=]{44}\\n\\n(?:\\xe2\\x80\\x94 [^\\n]+\\n)+`, 'g')
  const notes: SignedSize[] = []
  const rest: string[] = []
  let at = 0
  for (const match of text.matchAll(pattern)) {
    const checkpoint = verified(Buffer.from(match[0], 'latin1').toString('utf8'), believed)
    if (!checkpoint) continue
    notes.push(checkpoint)
    rest.push(text.slice(at, match.index))
    at = match.index + match[0].length
  }
  return { notes, torn: Buffer.from(rest.join('') + text.slice(at), 'latin1') }
}

/** Keeps checkpoints, in the order in which they were signed. */
export class CheckpointStore {
  /** When the history is thinned; undefined: never. */
  thinning: Thinning | undefined
  #thinned = 0 // bytes that the last thinning left
  readonly #disk: Disk
  readonly #folder: string
  #fd: number | undefined
  #ino = 0
  #size = 0 // bytes in the open file that are ours
  #synced: number // of them, those that are durable
  #loose: string[] // notes behind `#synced`, kept here until they are durable: a failed sync makes the file a liar
  #last: string | undefined

  /** @param synced - durable bytes of the history, as found; `loose` notes behind it are written again */
  constructor(disk: Disk, folder: string, synced: number, loose: readonly string[]) {
    this.#disk = disk
    this.#folder = folder
    this.#synced = synced
    this.#loose = [...loose]
  }

  get #path(): string {
    return join(this.#folder, CHECKPOINT_HISTORY)
  }

  /**
   * Takes the history up. What a power cut may yet take from behind the synced checkpoint is written once more: the same
   * bytes at the same place, or, where a crash has left anything else between them, all of it to a fresh file. So at no
   * moment does less of the log stand under a checkpoint.
   *
   * @param torn - bytes that are no checkpoint stand behind the synced one
   */
  *open(torn: boolean): Steps<void> {
    const facts = this.#disk.stat(this.#path)
    if (!facts || torn || this.#synced === 0 || facts.size < this.#synced) return yield* this.#renew()
    const fd = this.#disk.open(this.#path, 'edit')
    this.#fd = fd
    this.#ino = facts.ino
    const loose = Buffer.from(this.#loose.join(''))
    if (loose.length > 0) yield* writeWhole(fd, loose, this.#synced)
    yield { do: 'sync', fd }
    this.#synced = this.#size = this.#synced + loose.length
    this.#loose = []
  }

  /** Adds a note to the history. With `sync` it is durable there and in `checkpoint` afterwards. */
  *keep(note: string, sync: boolean): Steps<void> {
    if (note !== this.#last) {
      this.#last = note
      this.#loose.push(note)
      if (this.#loose.length > MAX_LOOSE) this.#loose.shift()
      if (this.#fd !== undefined && this.#isOurs()) yield* this.#append(Buffer.from(note))
    }
    if (this.#fd === undefined || !this.#isOurs()) yield* this.#renew()
    if (sync) yield* this.#sync(note)
  }

  *close(): Steps<void> {
    if (this.#fd !== undefined) yield { do: 'close', fd: this.#fd }
    this.#fd = undefined
  }

  closeSync(): void {
    if (this.#fd !== undefined) this.#disk.close(this.#fd)
    this.#fd = undefined
  }

  *#append(bytes: Buffer): Steps<void> {
    try {
      yield* writeWhole(this.#fd!, bytes, this.#size)
      this.#size += bytes.length
    } catch (error) {
      // A full disk is not a broken one: give the torn bytes back and go on with the file. Anything else ends it.
      if (isFull(error)) this.#disk.truncate(this.#fd!, this.#size)
      else yield* this.close()
      this.#last = undefined
      this.#loose.pop()
      throw error
    }
  }

  *#sync(note: string): Steps<void> {
    yield* this.#thin()
    try {
      yield { do: 'sync', fd: this.#fd! }
    } catch (error) {
      yield* this.close() // what the file shows now may not be on disk, and syncing again would not say so
      throw error
    }
    this.#synced = this.#size
    this.#loose = []
    yield* replaceFile(this.#disk, join(this.#folder, CHECKPOINT), (put) => put(Buffer.from(note)))
  }

  /** Not before the history has doubled: what all thinnings write stays in proportion to what is kept. */
  *#thin(): Steps<void> {
    const { thinning } = this
    if (!thinning || this.#size < Math.max(thinning.bytes, 2 * this.#thinned)) return
    try {
      yield* this.#renew(thinning.records)
    } catch (error) {
      // A disk that has no room for the copy keeps the old file; checkpoints go on there.
      if (!this.#isOurs()) throw error
      const half = `${this.#path}${TEMPORARY}`
      if (this.#disk.stat(half)) this.#disk.remove(half)
    }
    this.#thinned = this.#size
  }

  /**
   * A fresh history: the durable part of the old one and the notes behind it, on new ground.
   *
   * @param recent - thinned out, but for the checkpoints of so many newest leaves
   */
  *#renew(recent = Number.POSITIVE_INFINITY): Steps<void> {
    const old = this.#disk.stat(this.#path)
    const synced = old && old.size >= this.#synced ? this.#synced : 0
    const loose = Buffer.from(this.#loose.join(''))
    const { disk, path } = { disk: this.#disk, path: this.#path }
    let size = 0
    yield* replaceFile(disk, path, function* (put) {
      const count = function* (bytes: Uint8Array): Steps<void> {
        yield* put(bytes)
        size += bytes.length
      }
      const thinner = new Thinner(sizeOfNote(loose.toString()) - recent, count)
      if (synced > 0) yield* readPieces(disk, path, 0, synced, (piece) => thinner.take(piece))
      yield* thinner.finish()
      if (loose.length > 0) yield* count(loose)
    })
    yield* this.close()
    this.#synced = this.#size = size
    this.#loose = []
    this.#fd = this.#disk.open(this.#path, 'edit')
    this.#ino = this.#disk.fstat(this.#fd).ino
  }

  #isOurs(): boolean {
    const facts = this.#disk.stat(this.#path)
    return facts?.ino === this.#ino && facts.size === this.#size
  }
}

/** Checkpoints that wait for a history that can be written; older ones are covered by newer ones. */
const MAX_LOOSE = 256
