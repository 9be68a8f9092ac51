// Rotating the signing key of a folder of keys, in two commands with the life of the service between them: the next key is
// made beside the old one; when every log is handed over to it, it takes the old one's place, and the old one is gone.
import { renameSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { TrailproofError } from '../errors.js'
import { syncFolder } from './files.js'
import { exists, wrapUnreadable } from './key-files.js'
import { loadSigning, makeSigning, NEXT, PUBLIC, SIGNING } from './signing-key.js'

/**
 * Makes the next signing key beside the present one (`trailproof keygen --rotate`). Both are needed until each log of the
 * service has been opened once with both, and `retireKey` was called.
 *
 * @returns `publicKey` base64 of the next key; `publicKeyFile` has it behind those before it
 * @throws TRAILPROOF_KEY_MISSING there is no signing key to follow; nothing was made
 * @throws TRAILPROOF_KEY_INVALID a rotation is under way; nothing was made
 */
export function makeNextKey(folder: string): { dir: string; publicKey: string; publicKeyFile: string; file: string } {
  const dir = resolve(folder)
  if (!exists(join(dir, SIGNING)))
    throw new TrailproofError(
      'TRAILPROOF_KEY_MISSING',
      `there is no ${SIGNING} in ${dir}, so there is none to rotate`,
      {
        path: dir,
        hint: 'run `npx trailproof keygen`; a key from the environment or a Signer is rotated there (docs/keys.md)',
      },
    )
  if (exists(join(dir, NEXT)))
    throw new TrailproofError('TRAILPROOF_KEY_INVALID', `there is a ${NEXT} in ${dir} already`, {
      path: dir,
      hint: 'a rotation is under way: start the service once, then end it with `npx trailproof keygen --retire <path>`',
    })
  loadSigning(dir, {}, {}) // a key that cannot be used must not look as if it could be followed
  const publicKey = makeSigning(dir, NEXT).toString('base64')
  return { dir, publicKey, publicKeyFile: join(dir, PUBLIC), file: join(dir, NEXT) }
}

/** The two public keys while a rotation is under way, 32 bytes each; undefined when none is. */
export function keysInRotation(folder: string): { previous: Uint8Array; next: Uint8Array } | undefined {
  const dir = resolve(folder)
  if (!exists(join(dir, NEXT)) || !exists(join(dir, SIGNING))) return undefined
  const { signing, previousSigning } = loadSigning(dir, {}, {})
  return previousSigning && { previous: previousSigning.publicKey, next: signing.publicKey }
}

/**
 * Ends a rotation: the next key takes the place of the old one, whose private half is gone with that. One step, so that a
 * crash leaves both or the next one. Call it when every log is handed over; a log that is not could never be continued.
 *
 * @throws TRAILPROOF_KEY_MISSING no rotation is under way; nothing was changed
 */
export function retireKey(folder: string): void {
  const dir = resolve(folder)
  if (!exists(join(dir, NEXT)))
    throw new TrailproofError('TRAILPROOF_KEY_MISSING', `there is no ${NEXT} in ${dir}: no rotation is under way`, {
      path: dir,
      hint: 'begin one with `npx trailproof keygen --rotate`',
    })
  wrapUnreadable(dir, () => {
    renameSync(join(dir, NEXT), join(dir, SIGNING))
    syncFolder(dir)
  })
}
