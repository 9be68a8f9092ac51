// What `init` proposes.

export interface Change {
  path: string
  /** Undefined: the file is new. */
  before: string | undefined
  after: string
}

export interface Plan {
  changes: Change[]
  /** To be installed. */
  packages: string[]
  /** What was found, and cannot be done by editing. */
  notes: string[]
}
