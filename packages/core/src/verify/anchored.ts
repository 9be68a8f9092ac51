// What anchors add to verification: checkpoints that nobody who holds folder and key could take back, and since when. How an
// anchor is read, and how its receipts are verified, its own package knows; here they only become checkpoints to compare with.
import type { Judge } from './judge.js'
import type { Reader } from './reader.js'
import type { Anchored, Note, Problem } from './report.js'
import type { Walk } from './walk.js'

/** A checkpoint that an anchor has. */
export interface AnchoredCheckpoint {
  /** The signed note, verbatim. */
  note: string
  /** When the anchor took it, by the anchor's own clock. */
  time?: Date | undefined
}

/** What is kept below `anchors/` of a log: copies, for convenience. */
export interface Receipts {
  names(): Promise<string[]>
  /** Undefined when it is no file, or longer than 1 MiB. */
  read(name: string): Promise<Uint8Array | undefined>
}

/** An anchor as a verifier reads it, or a way to verify its receipts. */
export interface AnchorSource {
  /** For people: `folder /mnt/elsewhere`. */
  readonly name: string
  /**
   * The checkpoints of a log that this anchor vouches for; their signatures are checked by the caller.
   *
   * @returns `refused`: receipts that do not hold, each with the reason
   * @throws what kept it from reading the anchor
   */
  read(origin: string, receipts: Receipts): Promise<{ checkpoints: AnchoredCheckpoint[]; refused: string[] }>
  /** The logs that it knows of, where it can tell: one of them that is not there was deleted as a whole. */
  known?(): Promise<AnchoredCheckpoint[]>
}

/** A believed checkpoint of an anchor. */
export interface Vouched {
  by: string
  note: string
  size: number
  /** latin1 */
  root: string
  time: Date | undefined
}

const NO_RECEIPTS: Receipts = { names: async () => [], read: async () => undefined }

/** Reads all anchors of a log. What is not signed by a key we believe says nothing about the log. */
export async function readAnchors(
  sources: readonly AnchorSource[],
  reader: Reader,
  origin: string | undefined,
  judge: Judge,
): Promise<{ vouched: Vouched[]; notes: Note[] }> {
  const vouched: Vouched[] = []
  const notes: Note[] = []
  if (origin === undefined) return { vouched, notes }
  for (const source of sources) {
    const { checkpoints, refused } = await source.read(origin, reader.receipts ?? NO_RECEIPTS)
    const faults = [...refused]
    for (const { note, time } of checkpoints) {
      const { refused: fault, size, root } = await judge.judge(note)
      if (fault) faults.push(fault.detail)
      else vouched.push({ by: source.name, note, size, root, time })
    }
    if (faults.length > 0) {
      const more = faults.length > 1 ? ` (and ${faults.length - 1} more)` : ''
      notes.push({ kind: 'receipt_refused', detail: `${source.name}: ${faults[0]}${more}` })
    }
  }
  return { vouched, notes }
}

/** The newest checkpoint of an anchor that the log contains, and what lies above it. */
export function anchoredAt(
  vouched: readonly Vouched[],
  { fit, misfits }: Pick<Walk, 'fit' | 'misfits'>,
  newest: string | undefined,
  size: number,
  now: Date,
): Pick<
  { anchored?: Anchored; unanchored: number; unanchoredSeconds?: number },
  'anchored' | 'unanchored' | 'unanchoredSeconds'
> {
  const contained = vouched.filter(
    ({ size, root }) => size <= fit && !misfits.some((mark) => mark.size === size && mark.root === root),
  )
  const best = contained.reduce<Vouched | undefined>((a, b) => (!a || isBetter(b, a) ? b : a), undefined)
  if (!best) return { unanchored: size }
  const age = best.time && Math.round((now.getTime() - best.time.getTime()) / 1000)
  const behind = best.time && newest ? Math.round((Date.parse(newest) - best.time.getTime()) / 1000) : Number.NaN
  return {
    anchored: {
      size: best.size,
      by: best.by,
      ...(best.time && { time: best.time.toISOString() }),
      ...(age !== undefined && { ageSeconds: age }),
    },
    unanchored: Math.max(0, size - best.size),
    ...(Number.isFinite(behind) && { unanchoredSeconds: best.size >= size ? 0 : Math.max(0, behind) }),
  }
}

// Of two that say the same size the earlier one proves more; one without a time proves least.
const isBetter = (a: Vouched, b: Vouched) =>
  a.size > b.size || (a.size === b.size && (a.time?.getTime() ?? Infinity) < (b.time?.getTime() ?? Infinity))

/** What the caller demands of a log, and it has not. */
export function demanded(
  { anchored, unanchored, size }: { anchored?: Anchored; unanchored: number; size: number },
  requireAnchor: boolean,
  maxAgeSeconds: number | undefined,
): Problem[] {
  const from = anchored?.size ?? 0
  const place = { from, to: Math.max(from, size) }
  if (!anchored && (requireAnchor || maxAgeSeconds !== undefined))
    return [
      { kind: 'unanchored', ...place, detail: 'no anchor that was named has a checkpoint that this log contains' },
    ]
  if (maxAgeSeconds === undefined || !anchored) return []
  if (anchored.ageSeconds === undefined)
    return [{ kind: 'unanchored', ...place, detail: `${anchored.by} does not say when it took its newest checkpoint` }]
  if (anchored.ageSeconds <= maxAgeSeconds) return []
  return [
    {
      kind: 'unanchored',
      ...place,
      detail: `the newest anchored checkpoint is ${anchored.ageSeconds} seconds old, and ${unanchored} records lie above it; at most ${maxAgeSeconds} seconds are allowed`,
    },
  ]
}
