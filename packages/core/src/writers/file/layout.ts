// The names of files and folders of a log on disk: the one place that knows them, for the writer and for every reader.
//
//   audit/                                    root folder, one or more services
//     shop-0.lock                             kernel lock of slot 0, empty; never removed
//     shop-0/                                 the log of slot 0: one origin
//       seg/00000000000000000000.jsonl        lines; named by the index of its first line
//       tile/0/000  tile/0/001.p/17 …         C2SP hash tiles, derived; only the right edge has partial ones
//       checkpoint                            newest synced checkpoint (signed note)
//       checkpoints.log                       every signed checkpoint, oldest first, notes one after the other
//       log.vkey                              origin and public keys, one a line, the first first
//       anchors/                              receipts of anchors: copies, for convenience
//       quarantine/                           bytes that a crash tore, and lines that a later segment superseded
//       ballast                               room for the last words on a full disk
//       durable-tiles                         so many leaves have durable full tiles; a hint for the next opening
//       purged                                the newest purge record, verbatim: where the lines begin; a copy
//       hold                                  while it stands, retention removes nothing
//     shop-0.e2/                              the log that follows a damaged shop-0, which stays untouched
//
// Rule for readers: segments are contiguous; where a segment holds more lines than the next one's name allows, the later
// segment wins and the extra lines do not count (they were never acknowledged; opening the log moves them away).
// Lines begin at 0, or where a signed record says that retention has removed the ones before. The hash tiles of those stay.

/** Names inside a log folder. */
export const SEGMENTS = 'seg'
export const TILES = 'tile'
export const CHECKPOINT = 'checkpoint'
export const CHECKPOINT_HISTORY = 'checkpoints.log'
export const VKEY = 'log.vkey'
export const QUARANTINE = 'quarantine'
export const ANCHORS = 'anchors'
export const BALLAST = 'ballast'
export const DURABLE_TILES = 'durable-tiles'
export const PURGED = 'purged'
export const HOLD = 'hold'
/** Ends every temporary name; such a file is half written and never counts. */
export const TEMPORARY = '.tmp'

/** A segment as its name tells it. */
export interface Segment {
  /** Index of its first line. */
  readonly first: number
  /** `00000000000000065536.jsonl` */
  readonly name: string
}

/** `00000000000000065536.jsonl` for 65,536. */
export function segmentName(first: number): string {
  return `${String(first).padStart(20, '0')}.jsonl`
}

/** Index of a segment's first line, or undefined when this is no segment's name (a temporary file, a stray one). */
export function parseSegmentName(name: string): number | undefined {
  const first = /^(\d{20})\.jsonl$/.exec(name)?.[1]
  if (first === undefined) return undefined
  const index = Number(first)
  return Number.isSafeInteger(index) ? index : undefined
}

/** The segments among the file names of `seg/`, by first index; other names are left out. */
export function segmentsAmong(names: Iterable<string>): Segment[] {
  const segments: Segment[] = []
  for (const name of names) {
    const first = parseSegmentName(name)
    if (first !== undefined) segments.push({ first, name })
  }
  return segments.sort((a, b) => a.first - b.first)
}

/**
 * Size of a checkpoint with the cosignatures of witnesses, as its name in `anchors/` tells it:
 * `witnessed-00000000000000000777-witnesses`. Undefined for any other file there.
 */
export function parseWitnessedName(name: string): number | undefined {
  const size = /^witnessed-(\d{20})-[a-z0-9-]+$/.exec(name)?.[1]
  return size === undefined || !Number.isSafeInteger(Number(size)) ? undefined : Number(size)
}

/** A log folder as its name tells it: `shop-0` is epoch 1 of slot 0, `shop-0.e2` the log that follows it. */
export interface LogFolder {
  readonly service: string
  readonly slot: number
  readonly epoch: number
  readonly name: string
}

/** `shop-0` */
export function slotName(service: string, slot: number): string {
  return `${service}-${slot}`
}

/** Lock file of a slot, beside its folders. */
export function lockName(slot: string): string {
  return `${slot}.lock`
}

/** `shop-0`, or `shop-0.e2` from the second epoch on. */
export function epochName(slot: string, epoch: number): string {
  return epoch === 1 ? slot : `${slot}.e${epoch}`
}

/** What a folder name says, or undefined when it names no log. */
export function parseLogFolder(name: string): LogFolder | undefined {
  const parts = /^([a-z0-9._-]+)-(0|[1-9]\d{0,8})(?:\.e([2-9]|[1-9]\d{1,8}))?$/.exec(name)
  if (!parts) return undefined
  return { service: parts[1]!, slot: Number(parts[2]), epoch: Number(parts[3] ?? 1), name }
}

/** The log folders among the names in a root folder: by service, slot and epoch. */
export function logFoldersAmong(names: Iterable<string>): LogFolder[] {
  const folders = Array.from(names, parseLogFolder).filter((folder) => folder !== undefined)
  return folders.sort((a, b) =>
    a.service < b.service ? -1 : a.service > b.service ? 1 : a.slot - b.slot || a.epoch - b.epoch,
  )
}

/**
 * The newest epoch of a slot among the names in a root folder; 0 when the slot holds nothing yet. Epochs follow one
 * another without gap (only the first may have been moved away), so a stray `shop-0.e77` takes no log out of use.
 */
export function newestEpoch(slot: string, names: Iterable<string>): number {
  const there = new Set(names)
  let epoch = there.has(slot) ? 1 : 0
  for (let next = 2; there.has(epochName(slot, next)); next++) epoch = next
  return epoch
}
