// Comparing checkpoint notes without believing them: the same origin, size and root, whoever has cosigned in between.
import { equalBytes, type ParsedCheckpoint, parseCheckpoint, parseNote } from '@trailproof/tlog'

/** @returns undefined when the text is no signed checkpoint */
export function readNote(note: string): ParsedCheckpoint | undefined {
  try {
    return parseCheckpoint(parseNote(note).text)
  } catch {
    return undefined
  }
}

export const sameTree = (a: ParsedCheckpoint, b: { origin: string; size: number; root: Uint8Array }): boolean =>
  a.origin === b.origin && a.size === b.size && equalBytes(a.root, b.root)
