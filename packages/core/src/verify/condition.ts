// What a place that keeps a log is like, apart from the lines and signatures in it: things that are missing, in the way, or
// of unknown origin.
import type { Note, NoteKind, Problem } from './report.js'

export interface Condition {
  /** Names where a file is expected and something else stands: a pipe, a folder, a link in a circle. */
  irregular: string[]
  /** Names among the segments that are no segment's. */
  strays: string[]
  /** What a log has, and this one has not. */
  lacks: ('checkpoint' | 'tiles' | 'vkey')[]
}

export interface Circumstances {
  keyGiven: boolean
  /** Checkpoints that were seen. */
  checkpoints: number
  size: number
}

const SHOWN = 5

export function findingsOf(
  { irregular, strays, lacks }: Condition,
  { keyGiven, checkpoints, size }: Circumstances,
): { problems: Problem[]; notes: Note[] } {
  const problems = irregular.map(
    (name): Problem => ({ kind: 'unreadable', index: 0, detail: `${name} is no file, so it was not read` }),
  )
  const notes: Note[] = []
  const lacking = (what: Condition['lacks'][number], kind: NoteKind, detail: string) => {
    if (lacks.includes(what)) notes.push({ kind, detail })
  }
  if (checkpoints > 0)
    lacking(
      'checkpoint',
      'checkpoint_missing',
      'the file checkpoint is missing; checkpoints.log has what it should hold',
    )
  if (checkpoints > 0 && size > 0)
    lacking('tiles', 'tiles_missing', 'there is no hash tile: damage could only be placed between two signed sizes')
  if (keyGiven) lacking('vkey', 'vkey_missing', 'log.vkey is missing; the given key was used')
  if (strays.length > 0) {
    const names = strays.slice(0, SHOWN).join(', ')
    const more = strays.length > SHOWN ? ` and ${strays.length - SHOWN} more` : ''
    notes.push({ kind: 'stray_file', detail: `among the segments is what is none, and was not read: ${names}${more}` })
  }
  return { problems, notes }
}
