// Where bytes go that a crash tore or that a later segment superseded: out of the lines, never out of the folder.
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import type { Disk } from './disk.js'
import { readPieces, replaceFile } from './durable.js'
import { QUARANTINE } from './layout.js'
import type { Steps } from './steps.js'

/** `torn`: no whole line, or behind such; `superseded`: lines that stand in a later segment; `checkpoints`: no note. */
export type QuarantineKind = 'torn' | 'superseded' | 'checkpoints'

/**
 * Copies `[from, to)` of a file into a new file below `quarantine/`; durable when done. The caller then removes them.
 *
 * @param index - size of the log at that moment
 */
export function* quarantine(
  disk: Disk,
  folder: string,
  index: number,
  kind: QuarantineKind,
  path: string,
  from: number,
  to: number,
): Steps<void> {
  yield* replaceFile(disk, newName(folder, index, kind), (put) => readPieces(disk, path, from, to, put))
}

/** The same for bytes at hand. */
export function* quarantineBytes(
  disk: Disk,
  folder: string,
  index: number,
  kind: QuarantineKind,
  bytes: Uint8Array,
): Steps<void> {
  yield* replaceFile(disk, newName(folder, index, kind), (put) => put(bytes))
}

/**
 * What was put aside since the log had `signedSize` leaves under a checkpoint. Earlier finds are told of in the log
 * itself, by a record that this checkpoint covers; later ones may not be yet, should the process have died in between.
 */
export function quarantinedSince(disk: Disk, folder: string, signedSize: number): { bytes: number; names: string[] } {
  const names = (disk.list(join(folder, QUARANTINE)) ?? []).filter((name) => {
    const index = /^(\d{20})-[0-9a-f]+\.(?:torn|superseded)$/.exec(name)?.[1]
    return index !== undefined && Number(index) >= signedSize
  })
  const bytes = names.reduce((sum, name) => sum + (disk.stat(join(folder, QUARANTINE, name))?.size ?? 0), 0)
  return { bytes, names: names.sort() }
}

function newName(folder: string, index: number, kind: QuarantineKind): string {
  return join(folder, QUARANTINE, `${String(index).padStart(20, '0')}-${randomBytes(6).toString('hex')}.${kind}`)
}
