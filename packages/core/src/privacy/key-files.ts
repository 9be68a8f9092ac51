// Reading and making key files: 0600, in a folder that only its owner may change.
import { readFileSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { TrailproofError } from '../errors.js'

/** @throws TRAILPROOF_KEY_UNREADABLE nobody can tell */
export function exists(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false }) !== undefined
  } catch (cause) {
    throw unreadable(path, cause)
  }
}

/** Makes keys; whatever goes wrong becomes TRAILPROOF_KEY_UNREADABLE. */
export function wrapUnreadable<T>(path: string, make: () => T): T {
  try {
    return make()
  } catch (cause) {
    if (cause instanceof TrailproofError) throw cause
    throw new TrailproofError(
      'TRAILPROOF_KEY_UNREADABLE',
      `keys cannot be kept in ${path}: ${(cause as Error).message}`,
      { cause, path },
    )
  }
}

/**
 * The text of a key file.
 *
 * @throws TRAILPROOF_KEY_UNREADABLE, TRAILPROOF_KEY_UNSAFE
 */
export function readKey(path: string): string {
  let text: string
  let mode: number
  try {
    text = readFileSync(path, 'utf8')
    mode = statSync(path).mode
  } catch (cause) {
    throw unreadable(path, cause)
  }
  const folder = dirname(path)
  if (statSync(folder).mode & 0o022)
    throw new TrailproofError(
      'TRAILPROOF_KEY_UNSAFE',
      `others may replace the keys in ${folder}: its mode is 0${(statSync(folder).mode & 0o777).toString(8)}`,
      {
        path: folder,
        hint: `chmod 700 ${folder}`,
      },
    )
  if (mode & 0o077)
    throw new TrailproofError(
      'TRAILPROOF_KEY_UNSAFE',
      `the key ${path} has mode 0${(mode & 0o777).toString(8)}: others may read or replace it`,
      {
        path,
        hint: `chmod 600 ${path}; if others may have read it, make a new one`,
      },
    )
  return text
}

function unreadable(path: string, cause: unknown): TrailproofError {
  return new TrailproofError(
    'TRAILPROOF_KEY_UNREADABLE',
    `the key ${path} cannot be read: ${(cause as NodeJS.ErrnoException).code}`,
    {
      cause,
      path,
      hint: 'let the user of this process own it, mode 0600',
    },
  )
}
