// What the machine and its file system must offer, before any log is looked at.
import { spawnSync } from 'node:child_process'
import { storageChecks } from '@trailproof/core'
import { type Check, fail, ok, warn } from './check.js'

/** Release that `engines` of every package names. */
const NODE = [20, 19] as const

export function machineChecks(path: string): Check[] {
  const [folder, filesystem, space] = storageChecks(path)
  return [nodeVersion(process.versions.node), folder, filesystem, kernelLock(), space]
}

export function nodeVersion(version: string): Check {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  if (major > NODE[0] || (major === NODE[0] && minor >= NODE[1])) return ok('node', `Node ${version}`)
  return fail('node', `Node ${version} is too old`, `install Node ${NODE.join('.')} or newer`)
}

function kernelLock(): Check {
  if (process.platform !== 'linux') return ok('flock', 'this system locks files on opening')
  const { error, status } = spawnSync('flock', ['--version'], { stdio: 'ignore' })
  if (!error && status === 0) return ok('flock', 'flock(1) is there')
  return warn(
    'flock',
    'flock(1) is missing: the lock on a log does not reach into other containers',
    'install util-linux',
  )
}
