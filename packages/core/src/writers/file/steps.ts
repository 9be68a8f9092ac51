// Disk work told once and run in two ways: without blocking while the process lives, and blocking when it ends.
// A story is a generator. What may take long it yields (write, sync); everything else it calls directly.
import type { Disk } from './disk.js'

/** What a story asks for. `breathe` lets other events run in between. */
export type Io =
  | { do: 'write'; fd: number; bytes: Uint8Array; at: number }
  | { do: 'sync'; fd: number }
  | { do: 'close'; fd: number }
  | { do: 'breathe' }

/** A story; `write` answers with the bytes written, the others with 0. */
export type Steps<T> = Generator<Io, T, number>

export const breathe: Io = { do: 'breathe' }

/** A story that has begun. */
export class Task<T> {
  /** Settles when the story ends without help; never once `finishSync` was called. */
  readonly done: Promise<T>
  readonly #disk: Disk
  readonly #steps: Steps<T>
  #underWay: Io | undefined
  #taken = false

  constructor(disk: Disk, steps: Steps<T>) {
    this.#disk = disk
    this.#steps = steps
    this.done = new Promise((resolve, reject) => this.#run().then((end) => end && resolve(end.value), reject))
  }

  /**
   * Takes the story over and brings it to its end, blocking. For the end of the process only.
   *
   * A write under way is made again at the same place with the same bytes, so it does not matter which of the two lands
   * last. Descriptors stay open: a thread may still be using one, and its number must not come to mean another file.
   *
   * @throws what the story throws, or Error when `expired` says so between two steps
   */
  finishSync(expired: () => boolean): T {
    this.#taken = true
    return finishSteps(this.#disk, this.#steps, this.#underWay, expired)
  }

  async #run(): Promise<{ value: T } | undefined> {
    let turn = this.#steps.next(0)
    while (!turn.done) {
      this.#underWay = turn.value
      const answer = await this.#perform(turn.value).then(asAnswer, asFailure)
      if (this.#taken) return undefined
      this.#underWay = undefined
      turn = 'cause' in answer ? this.#steps.throw(answer.cause) : this.#steps.next(answer.value)
    }
    return { value: turn.value }
  }

  async #perform(io: Io): Promise<number> {
    if (io.do === 'write') return this.#disk.write(io.fd, io.bytes, io.at)
    if (io.do === 'sync') await this.#disk.sync(io.fd)
    else if (io.do === 'close') this.#disk.close(io.fd)
    else await new Promise<void>((resolve) => setImmediate(resolve))
    return 0
  }
}

/** Tells a whole story, blocking. @throws what the story throws, or Error when `expired` says so between two steps */
export function runSync<T>(disk: Disk, steps: Steps<T>, expired: () => boolean): T {
  return finishSteps(disk, steps, undefined, expired)
}

/** The same in the middle of a process's life, when no thread can be using any of the story's descriptors: it closes them. */
export function runSyncAndClose<T>(disk: Disk, steps: Steps<T>): T {
  let turn = steps.next(0)
  while (!turn.done) turn = turnSync(disk, steps, turn.value, true)
  return turn.value
}

function finishSteps<T>(disk: Disk, steps: Steps<T>, underWay: Io | undefined, expired: () => boolean): T {
  let turn = underWay ? turnSync(disk, steps, underWay) : steps.next(0)
  while (!turn.done) {
    if (expired()) throw new Error('no time left')
    turn = turnSync(disk, steps, turn.value)
  }
  return turn.value
}

function turnSync<T>(disk: Disk, steps: Steps<T>, io: Io, closes = false): IteratorResult<Io, T> {
  let answer = 0
  try {
    if (io.do === 'write') answer = disk.writeSync(io.fd, io.bytes, io.at)
    else if (io.do === 'sync') disk.syncSync(io.fd)
    else if (io.do === 'close' && closes) disk.close(io.fd)
  } catch (cause) {
    return steps.throw(cause)
  }
  return steps.next(answer)
}

const asAnswer = (value: number) => ({ value })
const asFailure = (cause: unknown) => ({ cause })
