// Processes run the built packages: Node 20 reads no TypeScript. Building here is incremental, so it costs little twice.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const here = dirname(fileURLToPath(import.meta.url))
const root = join(here, '..', '..')
const dist = join(root, 'packages', 'core', 'dist', 'esm')

/** Builds core and what it stands on. @throws when there is nothing to run afterwards */
export function buildCore(): void {
  const tsc = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin', 'tsc')
  const { stdout } = spawnSync(process.execPath, [tsc, '-b', join(root, 'packages', 'core')], { encoding: 'utf8' })
  if (!existsSync(join(dist, 'log', 'log.js'))) throw new Error(`packages/core is not built: ${stdout}`)
}

export interface Acknowledged {
  index: number
  leafHash: string
}

/** A process that writes to a log and tells on a pipe what it was told. */
export class WriterProcess {
  readonly acknowledged: Acknowledged[] = []
  readonly child: ChildProcess
  readonly exited: Promise<number | null>
  #text = ''
  #listeners: (() => void)[] = []
  slot: string | undefined

  constructor(dir: string, mode: string, env: NodeJS.ProcessEnv = process.env) {
    this.child = spawn(process.execPath, [join(here, 'writer-process.mjs'), dist, dir, mode], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env,
    })
    this.child.stdout!.setEncoding('utf8').on('data', (text: string) => this.#take(text))
    this.exited = new Promise((resolve) => this.child.on('close', (code) => resolve(code)))
    this.exited.then(() => this.#tell())
  }

  /** Resolves when it has acknowledged so many lines, or has ended. */
  until(acknowledged: number): Promise<void> {
    return this.#when(() => this.acknowledged.length >= acknowledged)
  }

  leased(): Promise<void> {
    return this.#when(() => this.slot !== undefined)
  }

  /** kill -9, and waits until it is gone. */
  async kill(): Promise<void> {
    this.child.kill('SIGKILL')
    await this.exited
  }

  async #when(come: () => boolean): Promise<void> {
    let ended = false
    this.exited.then(() => {
      ended = true
    })
    while (!come() && !ended) await new Promise<void>((resolve) => this.#listeners.push(resolve))
  }

  #take(text: string): void {
    this.#text += text
    for (let end = this.#text.indexOf('\n'); end >= 0; end = this.#text.indexOf('\n')) {
      const [what, ...rest] = this.#text.slice(0, end).split(' ')
      if (what === 'slot') this.slot = rest[0]!
      else if (what === 'ack') this.acknowledged.push({ index: Number(rest[0]), leafHash: rest[1]! })
      this.#text = this.#text.slice(end + 1)
    }
    this.#tell()
  }

  #tell(): void {
    for (const listener of this.#listeners.splice(0)) listener()
  }
}
