// Signed notes (C2SP signed-note): a text, a blank line, signature lines. What is signed is the text with its last newline,
// without the blank line.
import { encodeBase64, tryDecodeBase64 } from './base64.js'
import { concatBytes, encodeHex, utf8 } from './bytes.js'
import { NoteError } from './errors.js'

/** Signs under a name and key id. `sign` gets the note's text and returns what follows the key id in the line. */
export interface NoteSigner {
  name: string
  keyId: Uint8Array
  sign(message: Uint8Array): Uint8Array
}

/** Checks signatures that bear its name and key id. */
export interface NoteVerifier {
  name: string
  keyId: Uint8Array
  verify(message: Uint8Array, signature: Uint8Array): boolean
}

/** One signature line. `signature` is what follows the four bytes of key id; `line` is the line without its newline. */
export interface NoteSignature {
  name: string
  keyId: Uint8Array
  signature: Uint8Array
  line: string
}

/** A note taken apart. Nothing has been verified. */
export interface ParsedNote {
  text: string
  signatures: NoteSignature[]
}

/** The specification asks for 16 at least; a bound keeps a hostile note from costing us thousands of verifications. */
export const MAX_SIGNATURES = 100
const MAX_NOTE_CHARS = 1_000_000
const DASH = '\u2014 '

/**
 * Signs a text. Lines of `existing` come first, except those that a signer here replaces (same name and key id).
 *
 * @param text - ends with a newline; no control character but newline
 * @param existing - signature lines kept as they are, with or without their newline; they are not verified
 * @returns the whole note
 * @throws NoteError `malformed`: text or a line is not fit for a note, or there would be no signature or over 100
 */
export function signNote(text: string, signers: readonly NoteSigner[], existing: readonly string[] = []): string {
  checkText(text)
  const message = utf8(text)
  const replaced = new Set(signers.map(keyOf))
  const kept = existing
    .map((line) => parseSignatureLine(line.replace(/\n$/, '')))
    .filter((signature) => !replaced.has(keyOf(signature)))
  const lines = [
    ...kept.map(({ line }) => `${line}\n`),
    ...signers.map((s) => signatureLine(s.name, s.keyId, s.sign(message))),
  ]
  if (lines.length < 1 || lines.length > MAX_SIGNATURES)
    throw malformed(`a note bears 1 to 100 signatures, not ${lines.length}`)
  return `${text}\n${lines.join('')}`
}

/**
 * One signature line, ending with its newline.
 *
 * @throws NoteError `malformed`: the name is not fit for a key, the id is not 4 bytes, or the signature is empty
 */
export function signatureLine(name: string, keyId: Uint8Array, signature: Uint8Array): string {
  if (!isKeyName(name)) throw malformed('a key name is not empty and has no space, plus or control character')
  if (keyId.length !== 4 || signature.length < 1)
    throw malformed('a signature line needs a key id of 4 bytes and a signature')
  return `${DASH}${name} ${encodeBase64(concatBytes(keyId, signature))}\n`
}

/**
 * Takes a note apart without verifying it.
 *
 * @throws NoteError `malformed`
 */
export function parseNote(note: string): ParsedNote {
  if (note.length > MAX_NOTE_CHARS) throw malformed('the note is too long')
  const blank = note.lastIndexOf('\n\n') // the last: the text may have blank lines of its own
  if (blank < 0) throw malformed('no blank line before the signatures')
  const text = note.slice(0, blank + 1)
  checkText(text)
  return { text, signatures: parseSignatureLines(note.slice(blank + 2)) }
}

/**
 * Parses one or more signature lines, each with its newline, as a note or a witness's answer holds them.
 *
 * @throws NoteError `malformed`: also for none, and for more than 100
 */
export function parseSignatureLines(lines: string): NoteSignature[] {
  if (!lines.endsWith('\n')) throw malformed('the last signature line is not complete')
  const parts = lines.slice(0, -1).split('\n', MAX_SIGNATURES + 1)
  if (parts.length > MAX_SIGNATURES) throw malformed('more than 100 signatures')
  return parts.map(parseSignatureLine)
}

/** Parses one signature line, given without its newline. @throws NoteError `malformed` */
export function parseSignatureLine(line: string): NoteSignature {
  const [name, payload, ...more] = line.startsWith(DASH) ? line.slice(DASH.length).split(' ') : []
  const bytes = payload === undefined || more.length > 0 ? undefined : tryDecodeBase64(payload)
  if (name === undefined || !isKeyName(name) || !bytes || bytes.length < 5) throw malformed('not a signature line')
  return { name, keyId: bytes.slice(0, 4), signature: bytes.slice(4), line }
}

/** True for a name a key may have: not empty, no Unicode space, no plus, no control character, well-formed. */
export function isKeyName(name: string): boolean {
  return /^[^\p{White_Space}\p{Surrogate}+\u0000-\u001f]+$/u.test(name)
}

/** Name and key id as one string, to find the signatures of a key. */
export const keyOf = (key: { name: string; keyId: Uint8Array }): string => `${key.name}+${encodeHex(key.keyId)}`

function checkText(text: string): void {
  if (!text.endsWith('\n')) throw malformed('the text does not end with a newline')
  // A lone surrogate has no UTF-8, so what is signed would not be what is read.
  if (/[\u0000-\u0009\u000b-\u001f\p{Surrogate}]/u.test(text)) throw malformed('the text has a control character')
}

const malformed = (message: string) => new NoteError('malformed', message)
