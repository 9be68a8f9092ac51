// A bounded copy of a map that the application hands over, as JSON text. Whatever it contains, the copy is small.
import { quote } from './json.js'

export const DEPTH = 4
export const KEYS = 64
export const MOST_OF_KEY = 128
const ITEMS = 64
const TEXT = 2048
/** Bounds of a whole copy: a few objects that share children can stand for billions of values. */
const VALUES = 4096
const CHARACTERS = 128 * 1024

/** What a copy may still take, counted down while it is made. */
export interface Room {
  values: number
  characters: number
}

/** For a map: itself is one of the values. */
export const newRoom = (): Room => ({ values: VALUES - 1, characters: CHARACTERS })

/**
 * Writes a map that the application hands over as members of a JSON object: at most 4 levels, 64 keys or items each,
 * strings of 2,048 characters, and 4,096 values and 128 Ki characters in all. Getters that throw become `"[unreadable]"`,
 * cycles `"[circular]"`, what is cut ends in `…`; NaN and infinities become null, bigint a string. What is no map stands
 * under the key `value`.
 *
 * @param clean is given every text and the most characters it may keep
 * @returns JSON text by key; empty for a map without members
 */
export function plainMembers(value: unknown, clean: Clean = bounded): Map<string, string> {
  const room = newRoom()
  if (!isMap(value)) return new Map([['value', jsonOf(value, DEPTH, [], room, clean) ?? 'null']])
  try {
    return membersOf(value, DEPTH, [value], room, clean)
  } catch {
    return new Map([['value', UNREADABLE]])
  }
}

export type Clean = (text: string, max: number) => string

const UNREADABLE = '"[unreadable]"'

/** A map by its looks; what has a form of its own (dates, errors, bytes, lists) is a value. */
export function isMap(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false
  try {
    return !(Array.isArray(value) || value instanceof Date || value instanceof Error || isBytes(value))
  } catch {
    return true // a proxy that throws: found out when it is read
  }
}

function isBytes(value: object): value is ArrayBufferView | ArrayBuffer {
  return ArrayBuffer.isView(value) || value instanceof ArrayBuffer
}

/** @returns undefined for what JSON has no place for: undefined, functions, symbols */
export function jsonOf(
  value: unknown,
  depth: number,
  seen: readonly object[],
  room: Room,
  clean: Clean,
): string | undefined {
  if (typeof value === 'string') return quote(textInRoom(value, room, clean))
  if (room.values-- <= 0) return '"…"'
  switch (typeof value) {
    case 'number':
      return Number.isFinite(value) ? numberOf(value, clean) : 'null'
    case 'boolean':
      return value ? 'true' : 'false'
    case 'bigint':
      return quote(textOf(value.toString(), TEXT, room, clean))
    case 'object':
      return value === null ? 'null' : objectOf(value, depth, seen, room, clean)
    default:
      return undefined
  }
}

/** A code from an authenticator may arrive as a number: one that `clean` replaces whole is replaced. */
function numberOf(value: number, clean: Clean): string {
  if (!Number.isSafeInteger(value) || value < 1000) return String(value)
  const kept = clean(String(value), 32)
  return /\d/.test(kept) ? String(value) : quote(kept)
}

/** A text that is a value. */
export function textInRoom(text: string, room: Room, clean: Clean): string {
  return room.values-- > 0 ? textOf(text, TEXT, room, clean) : '…'
}

export function textOf(text: string, max: number, room: Room, clean: Clean): string {
  const kept = clean(text, Math.min(max, Math.max(0, room.characters)))
  room.characters -= kept.length
  return kept
}

function objectOf(value: object, depth: number, seen: readonly object[], room: Room, clean: Clean): string {
  if (seen.includes(value)) return '"[circular]"'
  if (depth === 0) return '"[too deep]"'
  try {
    if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'null' : quote(value.toISOString())
    if (value instanceof Error) return quote(textOf(`${value.name}: ${value.message}`, TEXT, room, clean))
    if (isBytes(value)) return `"[${value.byteLength} bytes]"`
    const path = [...seen, value]
    if (!Array.isArray(value)) return objectJson(membersOf(value, depth, path, room, clean))
    // Not `map`, which passes over the holes of a sparse list.
    const items = Array.from(value.slice(0, ITEMS), (item) => jsonOf(item, depth - 1, path, room, clean) ?? 'null')
    return `[${(value.length > ITEMS ? [...items, '"…"'] : items).join(',')}]`
  } catch {
    return UNREADABLE
  }
}

function objectJson(members: Map<string, string>): string {
  let json = ''
  for (const [key, value] of members) json += `${json === '' ? '' : ','}${quote(key)}:${value}`
  return `{${json}}`
}

/** By key: two keys that have become one by being cut or cleaned must not stand twice in an object. */
function membersOf(
  value: object,
  depth: number,
  path: readonly object[],
  room: Room,
  clean: Clean,
): Map<string, string> {
  const members = new Map<string, string>()
  let n = 0
  for (const key in value) {
    if (!Object.hasOwn(value, key)) continue
    if (n++ === KEYS) {
      members.set('…', '"more keys"')
      break
    }
    const item = propertyOf(value as Record<string, unknown>, key, depth, path, room, clean)
    if (item !== undefined) members.set(textOf(key, MOST_OF_KEY, room, clean), item)
  }
  return members
}

function propertyOf(
  value: Record<string, unknown>,
  key: string,
  depth: number,
  path: readonly object[],
  room: Room,
  clean: Clean,
): string | undefined {
  try {
    return jsonOf(value[key], depth - 1, path, room, clean)
  } catch {
    return UNREADABLE
  }
}

/** At most `max` characters, no lone surrogates (they are not UTF-8). */
export function bounded(text: string, max: number): string {
  const cut = text.length > max ? `${text.slice(0, max)}…` : text
  return cut.isWellFormed() ? cut : cut.toWellFormed()
}
