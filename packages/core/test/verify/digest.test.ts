// Hashes and faults that are worked out for a whole piece are those of its lines taken one by one.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { effort } from '../../../../test/effort.js'
import { DigestRoom, digestOnDemand, type Lines } from '../../src/verify/digest.js'
import { type ComputedTile, Tree } from '../../src/verify/tree.js'
import { makeLine } from './fixture.js'

const room = new DigestRoom()

function linesOf(first: number, count: number, edit: (k: number, line: string) => string): Lines {
  const texts = Array.from({ length: count }, (_, k) => edit(k, makeLine(first + k)))
  const bytes = new Uint8Array(Buffer.from(texts.map((text) => `${text}\n`).join('')))
  let at = -1
  return { first, bytes, ends: texts.map((text) => (at += Buffer.byteLength(text) + 1)) }
}

/** Leaf hash and fault of each line. */
const all = (digest: ReturnType<typeof digestOnDemand>, { first, ends }: Lines) =>
  Array.from(ends, (_, k) => ({ index: first + k, leaf: digest.leaf(k), fault: digest.fault(k) }))

test('a piece with faulty lines gives what its lines give one by one, and no tile part with a fault', () => {
  const anEdit = fc.tuple(fc.nat(700), fc.constantFrom('', '{}', '{"v":1,"seq":3}', '\u00ff', 'audit.', '{"a":-1}'))
  fc.assert(
    fc.property(
      fc.nat(600),
      fc.integer({ min: 1, max: 700 }),
      fc.array(anEdit, { maxLength: 4 }),
      (first, n, edits) => {
        const by = new Map(edits)
        const lines = linesOf(first, n, (k, line) => by.get(k) ?? line)
        const digest = room.digest(first, n, room.fill(lines))
        const expected = all(digestOnDemand(lines), lines)
        expect(all(digest, lines)).toEqual(expected)
        for (const { index, fault } of expected) if (fault) expect(digest.part(index)).toBeUndefined()
        for (const k of by.keys()) if (k < n) expect(digest.own).toContain(k)
      },
    ),
    { numRuns: effort(60, 1000) },
  )
})

const tilesOf = (tree: Tree, full: ComputedTile[]) =>
  [...full, ...tree.partial()].map(({ level, index, width, bytes }) => {
    return `${level}/${index}.${width} ${bytes.toString('hex', 0, width * 32)}`
  })

test('a tree grown by parts of tiles, cut anywhere, is the tree grown leaf by leaf', () => {
  const aCut = fc.integer({ min: 1, max: 600 })
  fc.assert(
    fc.property(fc.array(aCut, { minLength: 1, maxLength: 6 }), fc.infiniteStream(aCut), (pieces, counts) => {
      const [byParts, byLeaves] = [new Tree(), new Tree()]
      const [partTiles, leafTiles]: ComputedTile[][] = [[], []]
      for (const n of pieces) {
        const first = byParts.size
        const digest = room.digest(first, n, room.fill(linesOf(first, n, (_, line) => line)))
        for (let k = 0; k < n; k++) byLeaves.append(digest.leaf(k))
        while (byParts.size < first + n) {
          const part = digest.part(byParts.size)!
          const left = part.to - (byParts.size % 256)
          byParts.appendPart(part, Math.min(left, counts.next().value))
          // Full tiles are lent as long as the piece.
          partTiles!.push(...byParts.full.splice(0).map((tile) => ({ ...tile, bytes: Buffer.from(tile.bytes) })))
        }
        leafTiles!.push(...byLeaves.full.splice(0))
        expect(byParts.size).toBe(byLeaves.size)
        expect(byParts.root()).toBe(byLeaves.root())
      }
      expect(tilesOf(byParts, partTiles!)).toEqual(tilesOf(byLeaves, leafTiles!))
    }),
    { numRuns: effort(60, 1000) },
  )
})
