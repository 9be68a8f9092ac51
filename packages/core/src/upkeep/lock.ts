// Is a log held by a living process? The kernel knows.
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'

const HELD = 75

/**
 * Asked with a shared lock that is let go at once, so a process that starts in this very moment may take the next slot
 * instead.
 *
 * @returns undefined when it cannot be told: flock(1) is missing, or no lock file is known
 */
export function isLockHeld(lockFile: string | undefined): Promise<boolean | undefined> {
  if (lockFile === undefined || !existsSync(lockFile))
    return Promise.resolve(lockFile === undefined ? undefined : false)
  const asked = ['--shared', '--nonblock', '--conflict-exit-code', String(HELD), lockFile, 'true']
  return new Promise((resolve) => {
    execFile('flock', asked, { timeout: 10_000 }, (error) => {
      resolve(error === null ? false : error.code === HELD ? true : undefined)
    })
  })
}
