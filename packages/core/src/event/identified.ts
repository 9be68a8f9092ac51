// An account that `identify` has named already, kept in place of the user object, which may be large and is not ours.
import type { Identity } from './event.js'

export class Identified {
  constructor(readonly identity: Identity) {}
}
