// The few ways in which a witness writes files, with what survives a power cut.
import { closeSync, fsyncSync, openSync, writeFileSync } from 'node:fs'
import { open, rename } from 'node:fs/promises'
import { dirname } from 'node:path'

/** Ends every temporary name; such a file is half written and never counts. */
export const TEMPORARY = '.tmp'

/** Creates a file, durably with its name. @throws EEXIST it is there; it was not touched */
export function createFile(path: string, content: string, mode: number): void {
  const fd = openSync(path, 'wx', mode)
  try {
    writeFileSync(fd, content)
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
  const folder = openSync(dirname(path), 'r')
  try {
    fsyncSync(folder)
  } finally {
    closeSync(folder)
  }
}

/**
 * Puts a whole file in place of whatever has its name. A crash leaves the old one or the new one; when it resolves, the new
 * one is durable. When it rejects, either may be what is on disk.
 */
export async function replaceFile(path: string, content: string): Promise<void> {
  const file = await open(`${path}${TEMPORARY}`, 'w', 0o640)
  try {
    await file.writeFile(content)
    await file.sync()
  } finally {
    await file.close()
  }
  await rename(`${path}${TEMPORARY}`, path) // all of its bytes are durable, its name not yet
  await syncPath(dirname(path))
}

/** Makes durable what a file or folder holds now. */
export async function syncPath(path: string): Promise<void> {
  const file = await open(path, 'r')
  try {
    await file.sync()
  } finally {
    await file.close()
  }
}
