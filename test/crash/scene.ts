// What one test needs and leaves nothing of: a folder, keys, applications, file systems of its own.
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { generateKeys } from '@trailproof/core'
import { afterEach, beforeAll, beforeEach } from 'vitest'
import { build } from './build.js'
import { Application, type Given, type StartOptions } from './process.js'

export const isRoot = process.platform === 'linux' && process.getuid?.() === 0

export class Scene {
  readonly folder = mkdtempSync(join(tmpdir(), 'trailproof-crash-'))
  readonly keys = join(this.folder, 'keys')
  /** Root folder of the logs, unless a test says otherwise. */
  readonly dir = join(this.folder, 'audit')
  readonly applications: Application[] = []
  #undo: (() => unknown)[] = []
  #mounts: { path: string; guard: ChildProcess }[] = []

  constructor() {
    generateKeys(this.keys)
  }

  start(given: Partial<Given> = {}, options?: StartOptions): Application {
    const application = new Application({ dir: this.dir, keys: this.keys, ...given }, options)
    this.applications.push(application)
    return application
  }

  /** For copies of one log that grow side by side: to the mark beside the keys they are one log, rolled back again and again. */
  forgetMark(): void {
    rmSync(join(this.keys, 'high-water'), { recursive: true, force: true })
  }

  /** Mounts a file system on a new folder of that name, until the test is over. */
  mount(name: string, ...options: string[]): string {
    const path = join(this.folder, name)
    mkdirSync(path)
    const [source, ...rest] = options.reverse()
    execFileSync('mount', [...rest.reverse(), source!, path], { stdio: 'pipe' })
    // Also when this process is killed: its end of the pipe closes with it.
    const guard = spawn(
      'sh',
      ['-c', 'cat > /dev/null; umount -l "$0"; rm -rf --one-file-system "$1"', path, this.folder],
      {
        stdio: ['pipe', 'ignore', 'ignore'],
        detached: true,
      },
    )
    this.#mounts.push({ path, guard })
    return path
  }

  unmount(path: string): void {
    spawnSync('umount', [path])
    spawnSync('umount', ['-l', path], { stdio: 'ignore' }) // should something still hold it
    rmSync(path, { recursive: true })
  }

  /** To be done at the end of the test, whatever came of it; the last one first. */
  undo(one: () => unknown): void {
    this.#undo.push(one)
  }

  async end(): Promise<void> {
    for (const one of this.#undo.reverse()) await one()
    await Promise.all(this.applications.map((application) => application.kill()))
    for (const { path, guard } of this.#mounts.reverse()) {
      spawnSync('umount', ['-l', path], { stdio: 'ignore' })
      const ended = new Promise((resolve) => guard.on('close', resolve))
      guard.stdin!.end()
      await ended
    }
    rmSync(this.folder, { recursive: true, force: true })
  }
}

/** A fresh scene for each test of a file. */
export function useScene(): () => Scene {
  let scene: Scene
  beforeAll(build, 300_000)
  beforeEach(() => {
    scene = new Scene()
  })
  afterEach(() => scene.end(), 60_000)
  return () => scene
}
