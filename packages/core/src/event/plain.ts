// A bounded, plain copy of a map that the application hands over. Whatever it contains, the copy is small JSON.

const DEPTH = 4
const KEYS = 64
const ITEMS = 64
const TEXT = 2048
/** Bounds of a whole copy: a few objects that share children can stand for billions of values. */
const VALUES = 4096
const CHARACTERS = 128 * 1024

/** What a copy may still take, counted down while it is made. */
interface Room {
  values: number
  characters: number
}

/**
 * Copies `value` as JSON data: at most 4 levels, 64 keys or items each, strings of 2,048 characters, and 4,096 values and
 * 128 Ki characters in all. Getters that throw become `"[unreadable]"`, cycles `"[circular]"`, what is cut ends in `…`;
 * NaN and infinities become null, bigint a string.
 *
 * @param clean is given every text and the most characters it may keep
 */
export function plain(value: unknown, clean: (text: string, max: number) => string = bounded): unknown {
  return copyOf(value, DEPTH, [], { values: VALUES, characters: CHARACTERS }, clean)
}

type Clean = (text: string, max: number) => string

function copyOf(value: unknown, depth: number, seen: readonly object[], room: Room, clean: Clean): unknown {
  if (room.values-- <= 0) return '…'
  switch (typeof value) {
    case 'string':
      return textOf(value, TEXT, room, clean)
    case 'number':
      return Number.isFinite(value) ? numberOf(value, clean) : null
    case 'boolean':
      return value
    case 'bigint':
      return textOf(value.toString(), TEXT, room, clean)
    case 'object':
      return value === null ? null : plainObject(value, depth, seen, room, clean)
    default:
      return undefined
  }
}

/** A code from an authenticator may arrive as a number: one that `clean` replaces whole is replaced. */
function numberOf(value: number, clean: Clean): number | string {
  if (!Number.isSafeInteger(value) || value < 1000) return value
  const kept = clean(String(value), 32)
  return /\d/.test(kept) ? value : kept
}

function textOf(text: string, max: number, room: Room, clean: Clean): string {
  const kept = clean(text, Math.min(max, Math.max(0, room.characters)))
  room.characters -= kept.length
  return kept
}

function plainObject(value: object, depth: number, seen: readonly object[], room: Room, clean: Clean): unknown {
  if (seen.includes(value)) return '[circular]'
  if (depth === 0) return '[too deep]'
  try {
    if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString()
    if (value instanceof Error) return textOf(`${value.name}: ${value.message}`, TEXT, room, clean)
    if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return `[${value.byteLength} bytes]`
    const path = [...seen, value]
    if (Array.isArray(value)) {
      const items = value.slice(0, ITEMS).map((item) => copyOf(item, depth - 1, path, room, clean) ?? null)
      return value.length > ITEMS ? [...items, '…'] : items
    }
    return plainMap(value, depth, path, room, clean)
  } catch {
    return '[unreadable]'
  }
}

function plainMap(
  value: object,
  depth: number,
  path: readonly object[],
  room: Room,
  clean: Clean,
): Record<string, unknown> {
  // No prototype: a key named __proto__ stays a key.
  const copy = Object.create(null) as Record<string, unknown>
  let n = 0
  for (const key in value) {
    if (!Object.hasOwn(value, key)) continue
    if (n++ === KEYS) {
      copy['…'] = 'more keys'
      break
    }
    const item = readProperty(value as Record<string, unknown>, key, depth, path, room, clean)
    if (item !== undefined) copy[textOf(key, 128, room, clean)] = item
  }
  return copy
}

function readProperty(
  value: Record<string, unknown>,
  key: string,
  depth: number,
  path: readonly object[],
  room: Room,
  clean: Clean,
): unknown {
  try {
    return copyOf(value[key], depth - 1, path, room, clean)
  } catch {
    return '[unreadable]'
  }
}

/** At most `max` characters, no lone surrogates (they are not UTF-8). */
export function bounded(text: string, max: number): string {
  const cut = text.length > max ? `${text.slice(0, max)}…` : text
  return cut.isWellFormed() ? cut : cut.toWellFormed()
}
