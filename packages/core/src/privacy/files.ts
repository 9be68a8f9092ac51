// Small files that must exist whole or not at all, and be the same for every process: keys.
// Synchronous forms for construction, asynchronous ones for a running application, which a hanging disk must not stop.

import { randomBytes } from 'node:crypto'
import {
  closeSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { link, mkdir, open, readFile, rename, rm } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'

/** Makes a folder that only its owner can enter, and its entry durable. */
export function makePrivateFolder(dir: string): void {
  const first = mkdirSync(dir, { recursive: true, mode: 0o700 })
  for (const parent of first ? parentsOf(dir, first) : []) syncFolder(parent)
}

/**
 * Creates a file with mode 0600, durably, unless it exists; of several processes one wins, and all read its content.
 *
 * @returns what stands in the file afterwards
 */
export function createOnce(path: string, content: string): string {
  const draft = draftOf(path)
  try {
    writeNew(draft, content, 0o600)
    linkSync(draft, path) // fails when the file is there: never overwrites a key
    syncFolder(dirname(path))
    return content
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    syncFolder(dirname(path)) // whoever made it may not have come so far yet
    return readFileSync(path, 'utf8')
  } finally {
    rmSync(draft, { force: true })
  }
}

/** Puts a whole file in place of whatever has its name, durably; a crash leaves the old one or the new one. */
export function replaceFile(path: string, content: string, mode: number): void {
  const draft = draftOf(path)
  try {
    writeNew(draft, content, mode)
    renameSync(draft, path)
    syncFolder(dirname(path))
  } finally {
    rmSync(draft, { force: true })
  }
}

/** A new file whose content is durable, its name not yet. */
function writeNew(path: string, content: string, mode: number): void {
  const fd = openSync(path, 'wx', mode)
  try {
    writeFileSync(fd, content)
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
}

export function syncFolder(dir: string): void {
  const fd = openSync(dir, 'r')
  try {
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
}

export async function makePrivateFolderAsync(dir: string): Promise<void> {
  const first = await mkdir(dir, { recursive: true, mode: 0o700 })
  for (const parent of first ? parentsOf(dir, first) : []) await syncFolderAsync(parent)
}

/** As `createOnce`. @returns what stands in the file afterwards */
export async function createOnceAsync(path: string, content: string): Promise<string> {
  const draft = draftOf(path)
  try {
    await writeNewAsync(draft, content, 0o600)
    await link(draft, path)
    await syncFolderAsync(dirname(path))
    return content
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    await syncFolderAsync(dirname(path))
    return await readFile(path, 'utf8')
  } finally {
    await rm(draft, { force: true })
  }
}

/** Puts a whole file, durably, in place of whatever has its name: a crash leaves the old one or the new one. */
export async function replaceAsync(path: string, content: Uint8Array, mode: number): Promise<void> {
  const draft = draftOf(path)
  try {
    await writeNewAsync(draft, content, mode)
    await rename(draft, path)
    await syncFolderAsync(dirname(path))
  } finally {
    await rm(draft, { force: true })
  }
}

/** As `writeNew`. */
export async function writeNewAsync(path: string, content: string | Uint8Array, mode: number): Promise<void> {
  const file = await open(path, 'wx', mode)
  try {
    await file.writeFile(content)
    await file.sync()
  } finally {
    await file.close()
  }
}

export async function syncFolderAsync(dir: string): Promise<void> {
  const folder = await open(dir, 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}

/** The folders in which `mkdir` made an entry, from the innermost outwards. */
function parentsOf(dir: string, first: string): string[] {
  const parents = [dirname(resolve(dir))]
  while (parents.at(-1)!.length > dirname(resolve(first)).length) parents.push(dirname(parents.at(-1)!))
  return parents
}

function draftOf(path: string): string {
  return join(dirname(path), `.${basename(path)}.${randomBytes(6).toString('hex')}`)
}
