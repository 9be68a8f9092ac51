// The application of application.mjs, seen from the process that started it: what it was told, and how it ended.
import { type ChildProcess, spawn } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { FileWriterOptions, Health, Opened, PolicyRule } from '@trailproof/core'
import { effort } from '../effort.js'
import { CORE } from './build.js'

const here = dirname(fileURLToPath(import.meta.url))

export interface Given {
  /** Root folder of the logs. */
  dir: string
  /** Folder of the keys. */
  keys: string
  writer?: FileWriterOptions
  policy?: Omit<PolicyRule, 'events'>
  /** What a record waits for; `default` is what the policy says. Every fiftieth waits for its checkpoint. */
  wait?: 'durable' | 'default'
  /** What the `clock` command moves: the clock given as an option, or `Date.now` itself. */
  clock?: 'option' | 'Date'
}

export interface StartOptions {
  env?: NodeJS.ProcessEnv
  /** Another program of this folder that runs application.mjs, or Node's default. */
  program?: string
}

/** A receipt that reached somebody. */
export interface Acknowledged {
  k: number
  id: string
  origin: string
  index: number
  leafHash: string
}

const PATIENCE_MS = effort(60_000, 240_000)

/** One letter for each thread, as in `man proc`, and what it waits for in the kernel where that may be known; on Linux. */
function threadStates(pid: number): { threads: string[] } {
  const task = `/proc/${pid}/task`
  const read = (thread: string, file: string) => readFileSync(join(task, thread, file), 'utf8')
  if (process.platform !== 'linux') return { threads: [] }
  try {
    const state = (thread: string) => `${read(thread, 'stat').split(') ').at(-1)![0]} ${read(thread, 'wchan')}`
    return { threads: readdirSync(task).map(state) }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    return { threads: [] }
  }
}

export type OpenedLog = Omit<Opened, 'damaged'> & { damaged?: string }

export class Application {
  readonly acknowledged: Acknowledged[] = []
  readonly opened: OpenedLog[] = []
  readonly refused: { code: string; ms: number }[] = []
  /** Milliseconds after which nothing was known of a record yet. */
  readonly late: number[] = []
  readonly child: ChildProcess
  /** Exit code or signal. */
  readonly ended: Promise<number | string | null>
  failure: { code: string; message: string } | undefined
  #hasEnded = false
  #errors = ''
  #text = ''
  #commands = 0
  #heardAt = performance.now()
  readonly #answers = new Map<number, unknown>()
  readonly #said = new Set<string>()
  #listeners: (() => void)[] = []

  constructor(
    { wait = 'durable', ...given }: Given,
    { env = process.env, program = 'application.mjs' }: StartOptions = {},
  ) {
    const json = JSON.stringify({ core: CORE, wait: wait === 'default' ? undefined : wait, ...given })
    this.child = spawn(process.execPath, [join(here, program), json], {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { ...env, UV_USE_IO_URING: '0' },
    })
    this.child.stdout!.setEncoding('utf8').on('data', (text: string) => this.#take(text))
    this.child
      .stderr!.setEncoding('utf8')
      .on('data', (text: string) => (this.#errors = (this.#errors + text).slice(-4096)))
    this.child.stdin!.on('error', () => {}) // it has ended
    this.ended = new Promise((resolve) => this.child.on('close', (code, signal) => resolve(signal ?? code)))
    void this.ended.then(() => {
      this.#hasEnded = true
      this.#tell()
    })
  }

  get pid(): number {
    return this.child.pid!
  }

  /** Resolves when its log is open. @throws when it ended or failed before */
  async ready(logs = 1): Promise<OpenedLog> {
    await this.when(() => this.opened.length >= logs || this.failure !== undefined, 'its log is open')
    if (this.failure) throw new Error(`the log could not be opened: ${this.failure.message}`)
    return this.opened[0]!
  }

  /** Resolves when so many more records are acknowledged than now. */
  more(count: number): Promise<void> {
    const enough = this.acknowledged.length + count
    return this.when(() => this.acknowledged.length >= enough, `${enough} records are acknowledged`)
  }

  /** Gives commands that are carried out in one turn, and waits for the answer to the last. */
  async do(...steps: string[]): Promise<unknown> {
    const number = this.tell(...steps)
    await this.when(() => this.#answers.has(number), `"${steps.join('; ')}" is answered`)
    return this.#answers.get(number)
  }

  /** Gives commands, and waits for nothing. */
  tell(...steps: string[]): number {
    const number = ++this.#commands
    this.child.stdin!.write(`${[number, ...steps].join(';')}\n`)
    return number
  }

  health(): Promise<Health> {
    return this.do('health') as Promise<Health>
  }

  /** Asks for its health until that is so. */
  async until(holds: (health: Health) => boolean, withinMs = 60_000): Promise<Health> {
    const deadline = performance.now() + withinMs
    for (;;) {
      const health = await this.health()
      if (holds(health)) return health
      if (performance.now() > deadline) throw new Error(`its health stays ${JSON.stringify(health)}`)
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }

  /** Closes its audits and lets it end. */
  async close(): Promise<void> {
    const answer = await this.do('quiet', 'close')
    if (answer !== null) throw new Error(`it could not be closed: ${JSON.stringify(answer)}`)
    await this.kill()
  }

  /** Stops every thread of it; on Linux. A signal takes a moment, and a thread in a system call stops when that returns. */
  async freeze(): Promise<void> {
    this.child.kill('SIGSTOP')
    while (!threadStates(this.pid).threads.every((thread) => thread.startsWith('T')))
      await new Promise((resolve) => setTimeout(resolve, 5))
  }

  thaw(): void {
    this.child.kill('SIGCONT')
  }

  /** kill -9, and waits until it is gone. */
  async kill(): Promise<void> {
    this.child.kill('SIGKILL')
    await this.ended
  }

  /** Resolves when its program says that line, from now on. */
  whenSaid(line: string): Promise<void> {
    this.#said.delete(line)
    return this.when(() => this.#said.has(line), `it says "${line}"`)
  }

  /** @throws when it ends before, or nothing comes of it for a minute */
  async when(come: () => boolean, what: string): Promise<void> {
    let late = false
    const timer = setTimeout(() => {
      late = true
      this.#tell()
    }, PATIENCE_MS)
    try {
      while (!come()) {
        if (this.#hasEnded) throw new Error(`it ended before ${what}: ${this.#errors}`)
        if (late) throw new Error(`after ${PATIENCE_MS} ms it is not so that ${what}; ${this.#lastWords()}`)
        await new Promise<void>((resolve) => this.#listeners.push(resolve))
      }
    } finally {
      clearTimeout(timer)
    }
  }

  /** For the one who reads of a failure and was not there. */
  #lastWords(): string {
    const { acknowledged, refused, late, failure, opened } = this
    const heard = `last heard of ${Math.round(performance.now() - this.#heardAt)} ms ago`
    const state = {
      acknowledged: acknowledged.length,
      refused: refused.length,
      refusal: refused.at(-1)?.code,
      late: late.length,
      failure,
      opened,
      ...threadStates(this.pid),
    }
    return `${JSON.stringify(state)}, ${heard}, stderr: ${this.#errors}`
  }

  #take(text: string): void {
    this.#heardAt = performance.now()
    const lines = (this.#text + text).split('\n')
    this.#text = lines.pop()!
    for (const line of lines) this.#hear(line)
    this.#tell()
  }

  #hear(line: string): void {
    const [what, a, b, c, d, e] = line.split(' ')
    const json = () => JSON.parse(line.slice(line.indexOf('{')))
    if (what === 'ack') this.acknowledged.push({ k: Number(a), id: b!, origin: c!, index: Number(d), leafHash: e! })
    else if (what === 'late') this.late.push(Number(b))
    else if (what === 'refused') this.refused.push({ code: b!, ms: Number(c) })
    else if (what === 'opened') this.opened.push(json())
    else if (what === 'failed') this.failure = json()
    else if (what === 'answer') this.#answers.set(Number(a), JSON.parse(line.split(' ').slice(2).join(' ')))
    else this.#said.add(line)
  }

  #tell(): void {
    for (const listener of this.#listeners.splice(0)) listener()
  }
}
