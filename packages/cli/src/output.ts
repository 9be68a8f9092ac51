// Writing to the terminal or into a pipe.

/**
 * Whoever reads our output may stop (`| head`); then there is nobody left to tell, and that is no error.
 * An exit code that is already known stays.
 */
export function endQuietlyOnClosedPipe(): void {
  const onError = (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit()
    throw error
  }
  process.stdout.on('error', onError)
  process.stderr.on('error', onError)
}

/** Resolves when there is room for more: a long tail into a slow pipe must not gather in memory. */
export function print(text: string | Uint8Array): Promise<void> {
  if (process.stdout.write(text)) return Promise.resolve()
  return new Promise((resolve) => process.stdout.once('drain', resolve))
}

export function printError(text: string): void {
  process.stderr.write(text)
}

/** C1 controls, separators and changes of direction: JSON lets them through, and a terminal obeys them. */
const OBEYED = /[\u007f-\u009f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g

/** One line of JSON. A file name or a policy may hold what a terminal obeys: that is written as an escape. */
export const printJson = (value: unknown): Promise<void> =>
  print(`${JSON.stringify(value).replace(OBEYED, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`)}\n`)

/** One line that is written over and over, on a terminal only; a log file of a CI run is not one. */
export class ProgressLine {
  readonly #on = process.stderr.isTTY === true
  #last = 0

  show(text: () => string): void {
    const now = performance.now()
    if (!this.#on || now - this.#last < 100) return
    this.#last = now
    process.stderr.write(`\r\u001b[K${text()}`)
  }

  clear(): void {
    if (this.#on) process.stderr.write('\r\u001b[K')
  }
}
