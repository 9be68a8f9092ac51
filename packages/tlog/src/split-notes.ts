// Reading a file of checkpoints written one after the other (our checkpoints.log), whose end a crash may have torn.
import { NoteError } from './errors.js'
import { parseSignatureLine } from './note.js'

/** The whole notes at the beginning of a file, and what follows them. `notes.join('') + rest` is the file. */
export interface SplitNotes {
  notes: string[]
  rest: string
}

const BODY_LINES = 3 // origin, size, root: we write no extension lines

/**
 * Splits a file of concatenated checkpoints: three lines, a blank line, signature lines. Nothing is verified.
 *
 * Stops at the first thing that is not such a note; `rest` is empty for a file that is whole. A note is whole from its
 * first complete signature line on, so when reading in pieces give the last note again with the next piece: more
 * signature lines may follow.
 */
export function splitNotes(file: string): SplitNotes {
  const notes: string[] = []
  let at = 0
  for (let end = noteEnd(file, at); end > at; end = noteEnd(file, at)) {
    notes.push(file.slice(at, end))
    at = end
  }
  return { notes, rest: file.slice(at) }
}

// Where the note that begins at `start` ends; `start` itself if there is none.
function noteEnd(file: string, start: number): number {
  let at = start
  for (let line = 0; line < BODY_LINES; line++) {
    const next = lineEnd(file, at)
    if (next < 0 || !isBodyLine(file.slice(at, next - 1))) return start
    at = next
  }
  if (file[at] !== '\n') return start
  let end = start
  for (let next = lineEnd(file, ++at); next > 0 && isSignatureLine(file.slice(at, next - 1)); next = lineEnd(file, at))
    at = end = next
  return end
}

const lineEnd = (file: string, at: number) => file.indexOf('\n', at) + 1 || -1

// NUL bytes are what a power cut leaves in a file's last block.
const isBodyLine = (line: string) =>
  line !== '' && !/[\u0000-\u001f\p{Surrogate}]/u.test(line) && !line.startsWith('\u2014 ')

function isSignatureLine(line: string): boolean {
  try {
    return parseSignatureLine(line) !== undefined
  } catch (error) {
    if (error instanceof NoteError) return false
    throw error
  }
}
