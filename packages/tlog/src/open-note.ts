// Deciding whether to believe a note (C2SP signed-note, "Verification").
import { utf8 } from './bytes.js'
import { NoteError } from './errors.js'
import { keyOf, type NoteSignature, type NoteVerifier, parseNote } from './note.js'

/** A note that at least one known key has signed. `verified` has each key once, in the order of the lines. */
export interface OpenedNote {
  text: string
  verified: NoteSignature[]
  unverified: NoteSignature[]
}

/**
 * Opens a note: at least one of the verifiers' keys has signed it, and none of their signatures fails. Signatures of
 * unknown keys are given in `unverified` and mean nothing.
 *
 * Which of the keys signed is for the caller to check in `verified`: a witness's signature is not the log's.
 *
 * @throws NoteError `malformed`, `bad-signature` (a known name and key id, but not that key's signature: the whole note
 * is refused, whoever else signed) or `unverified` (no known key)
 */
export function openNote(note: string, verifiers: readonly NoteVerifier[]): OpenedNote {
  const { text, signatures } = parseNote(note)
  const message = utf8(text)
  const seen = new Set<string>()
  const verified: NoteSignature[] = []
  const unverified: NoteSignature[] = []
  for (const signature of signatures) {
    const key = keyOf(signature)
    const known = verifiers.filter((verifier) => keyOf(verifier) === key)
    if (known.length === 0) {
      unverified.push(signature)
      continue
    }
    if (!known.some((verifier) => holds(verifier, message, signature)))
      throw new NoteError('bad-signature', `the signature of ${signature.name} does not match`)
    // A second good signature by the same key must not count twice towards a quorum.
    if (!seen.has(key)) verified.push(signature)
    seen.add(key)
  }
  if (verified.length === 0) throw new NoteError('unverified', 'no known key has signed the note')
  return { text, verified, unverified }
}

// A verification function that throws on odd signature lengths is saying no.
function holds(verifier: NoteVerifier, message: Uint8Array, { signature }: NoteSignature): boolean {
  try {
    return verifier.verify(message, signature) === true
  } catch {
    return false
  }
}
