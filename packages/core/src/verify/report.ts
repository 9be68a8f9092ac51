// What verify says. Codes and shapes are for machines and for ever; `detail` is for people.

import type { KeyRange } from './key-ranges.js'
import type { Witnessed } from './witnessed.js'

export type ProblemKind =
  | 'altered'
  | 'missing'
  | 'inserted'
  | 'reordered'
  | 'truncated'
  | 'forked'
  | 'rolled_back'
  | 'bad_signature'
  | 'wrong_key'
  | 'key_out_of_range'
  | 'wrong_origin'
  | 'unreadable'
  | 'bad_line'
  | 'tile_altered'
  | 'unwitnessed'
  | 'unanchored'

/** Worth knowing, and no failure: what a crash leaves, what is not signed, what could not be pinned. */
export type NoteKind =
  | 'torn'
  | 'leftover'
  | 'unsigned'
  | 'recovered'
  | 'purged'
  | 'empty'
  | 'origin_not_pinned'
  | 'key_not_given'
  | 'rotation_unconfirmed'
  | 'history_cut'
  | 'checkpoint_missing'
  | 'tiles_missing'
  | 'vkey_missing'
  | 'stray_file'
  | 'unwitnessed'
  | 'receipt_refused'
  | 'more'

/** Where: one leaf (`index`), or the leaves `from` up to and without `to`. For a checkpoint, its size. */
export type Place = { index: number } | { from: number; to: number }

export type Problem = { kind: ProblemKind; detail: string } & Place
export type Note = { kind: NoteKind; detail: string } & Partial<{ index: number; from: number; to: number }>

/** The newest checkpoint of an anchor that a log contains. */
export interface Anchored {
  /** Records that it covers: nobody could have changed them since, whatever keys they hold here. */
  size: number
  /** Which anchor has it. */
  by: string
  /** When the anchor took it, by the anchor's clock, and how long ago that was when the log was verified. */
  time?: string
  ageSeconds?: number
}

export interface LogReport {
  /** Folder name, for people. */
  name: string
  /** As its checkpoints say; empty when nothing says it. */
  origin: string
  /** Whole lines, signed or not; those that were purged count. */
  size: number
  /** RFC 6962 root over those lines, base64. */
  root: string
  /** Checkpoints that are signed by the key and fit the lines. */
  checkpoints: number
  /** Size of the newest of them. */
  signed: number
  /** Lines above it: anyone could have changed them. */
  unsigned: number
  /** Ranges that only a recovery signed, as `audit.recovered` records say. */
  recovered: { from: number; to: number }[]
  /** Which key signs which sizes, when the log was handed over; else the one key signs them all. */
  keys?: KeyRange[]
  /** Set when retention removed the records below `to`, under the signed record `index`. */
  purged?: { to: number; index: number; time: string }
  /** `time` of the newest record, as its clock read. */
  newest?: string
  /** The newest checkpoint that the quorum of the given policy has cosigned. */
  witnessed?: Witnessed
  /** Absent when no anchor was named, or none of those named has a checkpoint that this log contains. */
  anchored?: Anchored
  /** Records above it. */
  unanchored: number
  /** From the time of the anchor to the newest record, as that one's clock read; 0 when nothing lies above it. */
  unanchoredSeconds?: number
  problems: Problem[]
  notes: Note[]
}

/**
 * `self`: the key came from the log itself, so whoever holds folder and key could have rewritten all. `key`: from the
 * caller. `anchored`: from the caller, and an anchor that the caller named has a checkpoint of each log.
 */
export type Trust = 'self' | 'key' | 'anchored'

export interface RootReport {
  /** True when no log has a problem. */
  ok: boolean
  trust: Trust
  logs: LogReport[]
}

/** A log with more than this many findings is not described line by line. */
export const MAX_FINDINGS = 100

/** Orders findings by place and bounds their number; says how many were left out. */
export function bounded(problems: Problem[], notes: Note[]): { problems: Problem[]; notes: Note[] } {
  const ordered = [...problems].sort((a, b) => startOf(a) - startOf(b))
  const left = ordered.length - MAX_FINDINGS
  const more: Note[] = left > 0 ? [{ kind: 'more', detail: `${left} further problems are not listed` }] : []
  return { problems: ordered.slice(0, MAX_FINDINGS), notes: [...notes, ...more] }
}

const startOf = (place: Place): number => ('index' in place ? place.index : place.from)

/** `{ index }` for one leaf, `{ from, to }` for several. */
export const placeOf = (from: number, to: number): Place => (to === from + 1 ? { index: from } : { from, to })
