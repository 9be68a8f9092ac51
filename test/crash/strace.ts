// Faults of a disk, put between a running process and its kernel by strace: into every thread of it, and only from now on
// until they are lifted.
import { spawn, spawnSync } from 'node:child_process'
import type { Application } from './process.js'
import type { Scene } from './scene.js'

/** Why faults cannot be injected here; undefined where they can. */
export const noStrace = whyNot()

function whyNot(): string | undefined {
  if (process.platform !== 'linux') return 'strace is for Linux'
  const sleeper = spawn('sleep', ['60'], { stdio: 'ignore' })
  const inject = ['-e', 'inject=fdatasync:error=EIO']
  const { status, error, stderr } = spawnSync(
    'timeout',
    ['0.3', 'strace', '-f', '-p', String(sleeper.pid), ...inject],
    {
      encoding: 'utf8',
    },
  )
  sleeper.kill('SIGKILL')
  if (status === 124) return undefined // it was still attached
  return `strace cannot attach to a process here: ${error?.message ?? (stderr.trim() || status)}`
}

export interface Injected {
  /** Lets the process go; what strace still delays, goes on at once. */
  lift(): Promise<void>
}

/**
 * @param fault - as strace's `-e inject=` takes it, such as `fdatasync:error=EIO:when=1`; `when` counts in each thread
 * @param path - only calls on this file
 */
export async function inject(scene: Scene, application: Application, fault: string, path?: string): Promise<Injected> {
  const calls = fault.split(':')[0]!
  const only = path === undefined ? [] : ['-P', path]
  const child = spawn(
    'strace',
    [
      '-f',
      '-p',
      String(application.pid),
      '-e',
      `trace=${calls}`,
      '-e',
      'signal=none',
      ...only,
      '-e',
      `inject=${fault}`,
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  )
  const ended = new Promise<void>((resolve) => child.on('close', () => resolve()))
  let text = ''
  await new Promise<void>((resolve, reject) => {
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
      text = (text + chunk).slice(-4096)
      if (/Process \d+ attached/.test(text)) resolve()
    })
    ended.then(() => reject(new Error(`strace did not attach: ${text}`)))
  })
  const lift = async () => {
    child.kill('SIGTERM')
    await ended
  }
  scene.undo(lift)
  return { lift }
}
