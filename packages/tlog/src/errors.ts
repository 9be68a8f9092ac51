// The errors of this package. Bytes from outside that are not what a specification says give FormatError;
// a caller's own mistake (an index outside the tree) gives RangeError. Verifying never throws: it answers false.

/** Input is not in the form its specification gives. Nothing was decided about its truth. */
export class FormatError extends Error {
  override name = 'FormatError'
}

/**
 * Why a note was refused:
 * - `malformed`: it is not a signed note, or not a checkpoint;
 * - `bad-signature`: a key we know did not make the signature that bears its name, so the whole note is refused;
 * - `unverified`: it is a note, but no key we know has signed it;
 * - `wrong-origin`: a known key signed it, for another log than the one asked for.
 */
export type NoteErrorKind = 'malformed' | 'bad-signature' | 'unverified' | 'wrong-origin'

/** A note that must not be believed; `kind` tells why. */
export class NoteError extends FormatError {
  override name = 'NoteError'
  readonly kind: NoteErrorKind

  constructor(kind: NoteErrorKind, message: string) {
    super(message)
    this.kind = kind
  }
}
