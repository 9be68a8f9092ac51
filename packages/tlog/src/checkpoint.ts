// Checkpoints (C2SP tlog-checkpoint): the signed statement "log `origin` has `size` leaves under this root".
import { encodeBase64, tryDecodeBase64 } from './base64.js'
import { isCount, isHash, parseCount } from './bytes.js'
import { NoteError } from './errors.js'
import type { NoteVerifier } from './note.js'
import { type OpenedNote, openNote } from './open-note.js'

export interface Checkpoint {
  origin: string
  size: number
  root: Uint8Array
}

/** A checkpoint as read. `extensions` are the lines after the root; we write none, other logs may. */
export interface ParsedCheckpoint extends Checkpoint {
  extensions: string[]
}

/** A checkpoint that at least one known key has signed. */
export interface OpenedCheckpoint extends OpenedNote {
  checkpoint: ParsedCheckpoint
}

/**
 * The text of a checkpoint: three lines, ready for signNote.
 *
 * @throws RangeError the origin is empty or has a control character, the size is not a count, the root not 32 bytes
 */
export function formatCheckpoint({ origin, size, root }: Checkpoint): string {
  if (!isOrigin(origin)) throw new RangeError('an origin is one line of text')
  if (!isCount(size)) throw new RangeError(`tree size ${size} is not a count`)
  if (!isHash(root)) throw new RangeError('a root is 32 bytes')
  return `${origin}\n${size}\n${encodeBase64(root)}\n`
}

/**
 * Reads a checkpoint's text (the note without blank line and signatures). Says nothing about its truth.
 *
 * @throws NoteError `malformed`: also for leading zeros, sizes above 2^53 - 1, loose base64 and empty extension lines
 */
export function parseCheckpoint(text: string): ParsedCheckpoint {
  const [origin, size, root, ...extensions] = text.split('\n')
  const last = extensions.pop() // '' after the final newline
  const count = parseCount(size ?? '')
  const hash = tryDecodeBase64(root ?? '')
  if (origin === undefined || !isOrigin(origin)) throw malformed('the origin is not one line of text')
  if (count === undefined) throw malformed('the size is not a decimal count')
  if (!hash || !isHash(hash)) throw malformed('the root is not 32 bytes of base64')
  if (last !== '' || !extensions.every((line) => isOrigin(line)))
    throw malformed('the lines after the root are not whole')
  return { origin, size: count, root: hash, extensions }
}

/**
 * Opens a signed checkpoint as openNote does, and reads it.
 *
 * @param origin - if given, the log it must be for. Give it: one key can sign for several logs
 * @throws NoteError as openNote; `malformed` if the text is no checkpoint; `wrong-origin`
 */
export function openCheckpoint(note: string, verifiers: readonly NoteVerifier[], origin?: string): OpenedCheckpoint {
  const opened = openNote(note, verifiers)
  const checkpoint = parseCheckpoint(opened.text)
  if (origin !== undefined && checkpoint.origin !== origin)
    throw new NoteError('wrong-origin', `a checkpoint of ${checkpoint.origin}, not of ${origin}`)
  return { ...opened, checkpoint }
}

const isOrigin = (line: string) => line !== '' && !/[\u0000-\u001f\p{Surrogate}]/u.test(line)

const malformed = (message: string) => new NoteError('malformed', message)
