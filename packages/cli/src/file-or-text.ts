// An option that takes a key, or a file with one.
import { readFileSync } from 'node:fs'
import { isTrailproofError, parseKeys, TrailproofError } from '@trailproof/core'
import { safe } from './terminal.js'

/** A vkey may look like a path (its name has slashes), so what is a file is read as one. */
export function fileOrText(key: string): string {
  try {
    return readFileSync(key, 'utf8')
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'ENAMETOOLONG') return mustBeKey(key)
    throw error
  }
}

// A path with a slip of the pen is more likely than a key with one, so both are said.
function mustBeKey(key: string): string {
  try {
    parseKeys(key)
    return key
  } catch (cause) {
    if (!isTrailproofError(cause)) throw cause
    throw new TrailproofError('TRAILPROOF_KEY_INVALID', `there is no file ${safe(key)}, and it is no key either`, {
      hint: 'a file, a vkey (name+id+key), 32 bytes of base64, or a PEM public key',
      cause,
    })
  }
}
