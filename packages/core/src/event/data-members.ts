// The field `data` of a line: what the application handed over, copied with bounds straight into the line.
import type { LineWriter } from './line-writer.js'
import {
  type Clean,
  DEPTH,
  isMap,
  jsonOf,
  KEYS,
  MOST_OF_KEY,
  newRoom,
  plainMembers,
  textInRoom,
  textOf,
} from './plain.js'

/** Where each member of `data` stands in the line, for the day when one has to be taken out. */
export class DataMembers {
  readonly #keys: string[] = []
  readonly #starts: number[] = []
  readonly #ends: number[] = []
  #count = 0

  /** Writes the members as `plainMembers` has them. */
  write(line: LineWriter, value: unknown, clean: Clean): void {
    const { end } = line
    this.clear()
    if (isMap(value) && this.#writeEach(line, value, clean)) return
    line.end = end
    this.clear()
    for (const [key, json] of plainMembers(value, clean)) this.#put(line, key, undefined, json)
  }

  clear(): void {
    this.#count = 0
  }

  /** JSON text by key. */
  texts(line: LineWriter): Map<string, string> {
    const texts = new Map<string, string>()
    for (let i = 0; i < this.#count; i++) texts.set(this.#keys[i]!, line.slice(this.#starts[i]!, this.#ends[i]!))
    return texts
  }

  /** @returns false when there are too many keys, or two have become one, or reading throws: then `plainMembers` reads it */
  #writeEach(line: LineWriter, value: object, clean: Clean): boolean {
    const room = newRoom()
    const path = [value]
    let n = 0
    let altered = false
    try {
      for (const key in value) {
        if (!Object.hasOwn(value, key)) continue
        if (n++ === KEYS) return false
        const item = (value as Record<string, unknown>)[key]
        let text: string | undefined
        let json: string | undefined
        if (typeof item === 'string') text = textInRoom(item, room, clean)
        else json = jsonOf(item, DEPTH - 1, path, room, clean)
        if (text === undefined && json === undefined) continue
        const kept = textOf(key, MOST_OF_KEY, room, clean)
        altered ||= kept !== key
        if (altered && this.#has(kept)) return false
        this.#put(line, kept, text, json)
      }
    } catch {
      return false
    }
    return true
  }

  #put(line: LineWriter, key: string, text: string | undefined, json: string | undefined): void {
    const i = this.#count++
    line.nameMember(key)
    this.#keys[i] = key
    this.#starts[i] = line.end
    if (text === undefined) line.json(json!)
    else line.string(text)
    this.#ends[i] = line.end
  }

  #has(key: string): boolean {
    const found = this.#keys.indexOf(key)
    return found >= 0 && found < this.#count
  }
}
