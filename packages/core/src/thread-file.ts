// Where the scripts of this package's threads are. Both builds find their own: what one module form offers,
// the other has not, while a call site knows its file in either.
import { existsSync } from 'node:fs'
import { fileURLToPath, pathToFileURL } from 'node:url'

/**
 * A script of this package by its path below the built folder: `log/thread/main.js`.
 *
 * @returns undefined where it is not there as a file of its own: run from source, or bundled
 */
export function threadFile(path: string): URL | undefined {
  try {
    const own = ownFile()
    if (!own) return undefined
    const url = new URL(path, own.startsWith('file:') ? own : pathToFileURL(own))
    return existsSync(fileURLToPath(url)) ? url : undefined
  } catch {
    return undefined
  }
}

function ownFile(): string | undefined {
  const { prepareStackTrace, stackTraceLimit } = Error
  try {
    Error.stackTraceLimit = 1
    Error.prepareStackTrace = (_, sites) => sites[0]?.getFileName()
    return new Error('here').stack as string | undefined
  } finally {
    Error.stackTraceLimit = stackTraceLimit
    Error.prepareStackTrace = prepareStackTrace
  }
}
