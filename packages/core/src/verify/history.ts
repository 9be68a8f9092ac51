// Reads checkpoints.log piece by piece: each note once, judged, in the order of the file. A crash may have torn its end;
// anything else that is no note was changed by somebody.
import { splitNotes } from '@trailproof/tlog'
import type { Judge, Verdict } from './judge.js'

/** No note of ours comes near this length, so what is longer without a whole note in it is none. */
const MAX_NOTE = 64 * 1024

/** `garbage` stands where a note should; `torn`: at the end of the file, as a crash leaves it. */
export type HistoryEntry = Verdict | { garbage: string; torn: boolean }

/** Notes of one piece are judged side by side, so that the thread pool always has work. */
export async function* judgedHistory(pieces: AsyncIterable<string>, judge: Judge): AsyncGenerator<HistoryEntry> {
  for await (const part of partsOf(pieces)) {
    if ('garbage' in part) yield part
    else for (const verdict of part.notes.map((note) => judge.judge(note))) yield await verdict
  }
}

type Part = { notes: string[] } | { garbage: string; torn: boolean }

async function* partsOf(pieces: AsyncIterable<string>): AsyncGenerator<Part> {
  let held = ''
  for await (const piece of pieces) {
    const { parts, rest } = cut(held + piece)
    // The last note is kept back: more of its signature lines may come with the next piece.
    const last = parts.at(-1)
    const kept = last && 'notes' in last ? (last.notes.pop() ?? '') : ''
    held = kept + rest
    yield* parts
    if (held.length <= 2 * MAX_NOTE) continue
    yield { garbage: held, torn: false }
    held = ''
  }
  const { parts, rest } = cut(held)
  yield* parts
  if (rest !== '') yield { garbage: rest, torn: isTorn(rest) }
}

// Notes and the garbage between them. `rest` is what follows the last note.
function cut(text: string): { parts: Part[]; rest: string } {
  const parts: Part[] = []
  for (let left = text; ; ) {
    const { notes, rest } = splitNotes(left)
    parts.push({ notes })
    const next = noteAfter(rest)
    if (next < 0) return { parts, rest }
    parts.push({ garbage: rest.slice(0, next), torn: false })
    left = rest.slice(next)
  }
}

// Where the first whole note in `text` begins, behind something that is none; -1 when there is none.
function noteAfter(text: string): number {
  for (let at = text.indexOf('\n') + 1; at > 0; at = text.indexOf('\n', at) + 1) {
    if (splitNotes(text.slice(at, at + MAX_NOTE)).notes.length > 0) return at
  }
  return -1
}

// A write that was cut off is the beginning of a note, or NUL bytes; a whole signature line means somebody changed it.
const isTorn = (text: string) => text.includes('\0') || !/\n\n[^\n]+\n/.test(text)
