// The words of the tamper matrix: who does what to a log, and what says so. Tests and docs/threat-model.md come from them.
import type { NoteKind, Place, ProblemKind } from '@trailproof/core'
import type { Evidence } from './evidence.js'
import type { Scene } from './scene.js'

/** In the order in which they can do more. */
export type Attacker =
  | 'owns a user account'
  | 'writes the log folder, without the key'
  | 'writes the log folder, with the key'
  | 'owns the application server'

/** What a verification says: nothing, a problem, a note (worth knowing, no failure), or that there is no log to verify. */
export type Answer =
  | { says: 'nothing' }
  | { says: 'problem'; kind: ProblemKind; where: string; place: (scene: Scene) => Place }
  | { says: 'note'; kind: NoteKind; where: string; place?: ((scene: Scene) => Place) | undefined }
  | { says: 'fact'; fact: string }

export interface Attack {
  who: Attacker
  /** What is done, as a sentence without its subject; the name of the test. Unique. */
  does: string
  act(scene: Scene): Promise<void> | void
  /** Given the folder and the log's key. */
  locally: Answer
  /** Given this, too. */
  with?: Partial<Record<Evidence, Answer>>
  /** What a reader must know beside the answers. */
  remark?: string
  /** Runs on a log that was handed over to a second key. */
  rotated?: boolean
}

export const nothing: Answer = { says: 'nothing' }

/** @param where - the place in words, for the page */
export const problem = (kind: ProblemKind, where: string, place: (scene: Scene) => Place): Answer => ({
  says: 'problem',
  kind,
  where,
  place,
})

export const note = (kind: NoteKind, where: string, place?: (scene: Scene) => Place): Answer => ({
  says: 'note',
  kind,
  where,
  place,
})

/** What no verification says, but something else at hand does. The evidence itself answers in these words. */
export const fact = (words: string): Answer => ({ says: 'fact', fact: words })
