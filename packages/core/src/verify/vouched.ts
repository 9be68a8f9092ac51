// What the keys that a caller gave can vouch for in a log that was handed from key to key. Its first key vouches for all:
// from there each record of a rotation is followed. A later one vouches for the state it found and all that came after.
import type { KeyRanges } from './key-ranges.js'
import { rawText } from './key-ranges.js'
import { idOf, originsOf, type PublicKey } from './keys.js'
import type { Note, Problem } from './report.js'
import type { Walk } from './walk.js'

export interface Believed {
  /** The key that the log began with; undefined when that is not known. */
  first: PublicKey | undefined
  /** Keys whose signatures are looked at; which of them count, the rotations in the log decide. */
  candidates: readonly PublicKey[]
  /** What the caller gave; undefined when the log's own key is taken at its word. */
  given: readonly PublicKey[] | undefined
  /** The only origins to accept; none: any. */
  origins: readonly string[]
  /** Keys that may follow one another where the record of a rotation was purged. */
  heirs: readonly PublicKey[]
}

/**
 * @param own - the keys that the log names, first to last
 * @param given - the keys that the caller knows from elsewhere
 * @param origins - as the caller asks; default: those of the given keys, when all have one
 */
export function believe(own: readonly PublicKey[], given: readonly PublicKey[], origins: readonly string[]): Believed {
  const isGiven = (key: PublicKey) => given.some(({ raw }) => Buffer.compare(raw, key.raw) === 0)
  const pins = { given, origins: origins.length > 0 ? origins : originsOf(given) }
  // What the log says of keys that nobody gave is only of use where it leads to one that somebody gave.
  if (!own.some(isGiven)) return { first: undefined, candidates: given, heirs: given, ...pins }
  const others = own.filter((key) => !isGiven(key))
  // A later key stands for what it found, whoever signed that before it.
  const heirs = isGiven(own[0]!) ? given : [...own.slice(0, own.findLastIndex(isGiven) + 1), ...given]
  return { first: own[0], candidates: [...given, ...others], heirs, ...pins }
}

/** Which part of the log the given keys stand for. */
export function vouched(
  { given }: Believed,
  ranges: KeyRanges,
  walk: Walk,
  origin: string,
): { problems: Problem[]; notes: Note[] } {
  if (!given || ranges.list(origin).length === 0) return { problems: [], notes: [] }
  const signed = given.filter(({ raw }) => walk.signers.has(rawText(raw)))
  const idsOf = (keys: readonly string[]) => keys.map((key) => idOf(origin, Buffer.from(key, 'hex'))).join(', ')
  const before = ranges.before(new Set(given.map(({ raw }) => rawText(raw))))
  if (before.length > 0 && signed.length === 0)
    return {
      problems: [
        {
          kind: 'wrong_key',
          index: 0,
          detail: `the log is signed by key ${idsOf(before)}, and no checkpoint that its records fit by a key that was given`,
        },
      ],
      notes: [],
    }
  // Two keys of one log: if it has not come to the newer one, it was rolled back to before that, or is another log.
  const ofThis = given.filter((key) => key.origin === origin)
  const absent = ofThis.length > 1 ? ofThis.filter(({ raw }) => !ranges.has(rawText(raw))) : []
  const problems = absent.map(
    ({ raw }): Problem => ({
      kind: 'wrong_key',
      index: 0,
      detail: `the given key ${idsOf([rawText(raw)])} of this log was never in force in it: the log was rolled back to before it, or replaced`,
    }),
  )
  const notes: Note[] = []
  if (before.length > 0)
    notes.push({
      kind: 'key_not_given',
      detail: `this log began with key ${idsOf(before)}, which was not given. The given key vouches for all records as it found them, and for those since; that they stood so before, and who signed them, only the first key can tell: give it, too`,
    })
  return { problems, notes }
}
