// An anchor in a folder: one file for each checkpoint, made once and never changed.
//
//   <dir>/checkpoints/<origin>/00000000000000000500      the signed note, verbatim
//
// It proves as much as the folder is out of reach: a mount whose server lets this account only create files (append-only
// attribute, WORM share, a bucket behind a gateway) holds against whoever owns this machine; a folder on the same disk holds
// against nobody but the careless.
import { constants } from 'node:fs'
import { mkdir, open, readdir, stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { type Anchor, type AnchoredCheckpoint, type AnchorSource, originFileName } from '@trailproof/core'
import { syncFolder } from '@trailproof/core/adapter'
import { checkName, contradicted, failed, invalid } from './failure.js'
import { readNote, sameTree } from './note.js'
import { sizeName, sizeOf } from './size-name.js'

const CHECKPOINTS = 'checkpoints'
const MAX_NOTE = 64 * 1024
/** A verifier compares with so many of the newest checkpoints of a log, and with the oldest. */
const MOST_READ = 10_000

/**
 * Keeps each checkpoint as a file of its own, created with O_EXCL and synced.
 *
 * @param dir - must exist: a mount that is gone must not be taken for an empty anchor
 * @param options.name - default `folder`
 * @throws TRAILPROOF_OPTION_INVALID
 */
export function folderAnchor(dir: string, { name = 'folder' }: { name?: string } = {}): Anchor {
  if (typeof dir !== 'string' || dir === '') throw invalid('folderAnchor needs the path of a folder', HINT)
  const root = resolve(dir)
  const newest = new Map<string, number>() // by origin: what is there, as far as this process has seen
  return {
    kind: 'folder',
    name: checkName(name),
    latest: (origin) => guarded(root, async () => (await latestIn(root, origin))?.note),
    publish: (checkpoint) =>
      guarded(root, async () => {
        const { origin, size, note } = checkpoint
        const there = newest.get(origin) ?? (await latestIn(root, origin))?.size ?? 0
        newest.set(origin, there)
        if (there > size)
          throw contradicted(`${root} has a checkpoint of ${there} records of ${origin}, not of ${size}`)
        const folder = join(root, CHECKPOINTS, originFileName(origin))
        await ensureFolders(root, folder)
        const path = join(folder, sizeName(size))
        if (!(await createSynced(path, note))) {
          const found = (await readText(path)) ?? ''
          const parsed = readNote(found)
          if (!parsed) throw failed(`${path} was cut off while it was written`, 'the next checkpoint has another name')
          if (!sameTree(parsed, checkpoint)) throw contradicted(`${path} is a checkpoint of another tree of this size`)
        }
        newest.set(origin, size)
        return { files: [], time: (await stat(path)).mtime }
      }),
  }
}

/**
 * The same folder as a verifier reads it, with the times at which its file system says the files were made.
 *
 * @param dir - as it was given to `folderAnchor`; a copy loses the times unless it keeps them
 */
export function folderSource(dir: string): AnchorSource {
  const root = resolve(dir)
  const read = async (origin: string, names: readonly string[]) => {
    const checkpoints: AnchoredCheckpoint[] = []
    const refused: string[] = []
    for (const name of names) {
      const path = join(root, CHECKPOINTS, originFileName(origin), name)
      const note = await readText(path)
      if (note !== undefined && readNote(note)?.origin === origin)
        checkpoints.push({ note, time: (await stat(path)).mtime })
      else refused.push(`${name} is no checkpoint of ${origin}`)
    }
    return { checkpoints, refused }
  }
  return {
    name: `folder ${dir}`,
    read: (origin) =>
      guarded(root, async () => {
        const names = await sizesIn(root, originFileName(origin))
        return read(origin, names.length > MOST_READ ? [names[0]!, ...names.slice(1 - MOST_READ)] : names)
      }),
    known: () =>
      guarded(root, async () => {
        const newest = await Promise.all((await namesIn(join(root, CHECKPOINTS))).map((log) => newestNote(root, log)))
        return newest.filter((note) => note !== undefined).map((note) => ({ note }))
      }),
  }
}

const HINT = "folderAnchor('/mnt/elsewhere')"

async function latestIn(root: string, origin: string): Promise<{ note: string; size: number } | undefined> {
  const note = await newestNote(root, originFileName(origin))
  const checkpoint = note === undefined ? undefined : readNote(note)
  return note !== undefined && checkpoint?.origin === origin ? { note, size: checkpoint.size } : undefined
}

// The newest that is whole: a crash may have cut off the one being written.
async function newestNote(root: string, log: string): Promise<string | undefined> {
  for (const name of (await sizesIn(root, log)).reverse()) {
    const note = await readText(join(root, CHECKPOINTS, log, name))
    if (note !== undefined && readNote(note)?.size === sizeOf(name)) return note
  }
  return undefined
}

const sizesIn = async (root: string, log: string) =>
  (await namesIn(join(root, CHECKPOINTS, log))).filter((name) => sizeOf(name) !== undefined).sort()

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}

async function readText(path: string): Promise<string | undefined> {
  // Not blocking: a pipe in place of the file must not hold up whoever reads it.
  const file = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0))
  try {
    if (!(await file.stat()).isFile()) return undefined
    const { buffer, bytesRead } = await file.read(Buffer.alloc(MAX_NOTE), 0, MAX_NOTE, 0)
    return buffer.toString('utf8', 0, bytesRead)
  } finally {
    await file.close()
  }
}

/** @returns false when the name is taken; nothing was changed then */
async function createSynced(path: string, text: string): Promise<boolean> {
  let file: Awaited<ReturnType<typeof open>>
  try {
    file = await open(path, 'wx', 0o440)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
  try {
    await file.writeFile(text)
    await file.sync()
  } finally {
    await file.close()
  }
  await syncFolder(join(path, '..'))
  return true
}

async function ensureFolders(root: string, folder: string): Promise<void> {
  for (const [path, parent] of [
    [join(root, CHECKPOINTS), root],
    [folder, join(root, CHECKPOINTS)],
  ] as const) {
    if (await stat(path).catch(() => undefined)) continue
    await mkdir(path, { mode: 0o750 })
    await syncFolder(parent)
  }
}

async function guarded<T>(root: string, work: () => Promise<T>): Promise<T> {
  try {
    if (!(await stat(root)).isDirectory()) throw Object.assign(new Error('it is no folder'), { code: 'ENOTDIR' })
    return await work()
  } catch (cause) {
    if (cause instanceof Error && cause.name === 'TrailproofError') throw cause
    const { code, message } = cause as NodeJS.ErrnoException
    throw failed(
      `the anchor ${root} cannot be used: ${code ?? message}`,
      'is it mounted, and may this user create files?',
      cause,
    )
  }
}
