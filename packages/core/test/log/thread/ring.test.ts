// The shared memory between the two threads, against a plain list, in whatever order both sides work.
import { hash } from 'node:crypto'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { effort } from '../../../../../test/effort.js'
import { clockMs, Rest, RingPutter, RingTaker, shareRing, Word } from '../../../src/log/thread/ring.js'

const MOST = 65_000

type Step = { do: 'put'; body: string } | { do: 'publish' } | { do: 'take'; most: number } | { do: 'free' }

const aStep = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record<Step>({
      do: fc.constant('put'),
      body: fc
        .tuple(fc.constantFrom('a', 'é', '€', '😀', '\ud800'), fc.oneof(fc.nat(40), fc.nat(15_000)))
        .map(([character, length]) => `${length}${character.repeat(length)}`),
    } as never),
  },
  { weight: 3, arbitrary: fc.constant<Step>({ do: 'publish' }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('take' as const), most: fc.integer({ min: 1, max: 4 }) }) },
  { weight: 6, arbitrary: fc.constant<Step>({ do: 'free' }) },
)

const leafHash = (line: string) => hash('sha256', `\0${line}`)

test('what is put comes out, in order and unchanged, however often the ring goes round', () => {
  let refused = 0
  fc.assert(
    fc.property(
      fc.array(aStep, { minLength: 200, maxLength: 600, size: 'max' }),
      fc.constantFrom(0, 7, 95, 998, 2 ** 53 - 700),
      (steps, first) => {
        const shared = shareRing(1)
        const [putter, taker] = [new RingPutter(shared), new RingTaker(shared)]
        putter.begin(first)
        const lines: string[] = [] // all that were put
        const bodies: string[] = []
        let [published, freed] = [0, 0]
        for (const step of steps) {
          if (step.do === 'put') {
            const bytes = putter.put(step.body, MOST)
            if (bytes < 0) refused++
            else if (bytes > MOST) expect(Buffer.byteLength(step.body)).toBeGreaterThan(MOST)
            else {
              expect(bytes).toBe(Buffer.byteLength(step.body))
              bodies.push(step.body.toWellFormed())
              lines.push(`{"v":1,"seq":${first + lines.length},${bodies.at(-1)}`)
            }
          } else if (step.do === 'publish') {
            putter.publish(true)
            published = lines.length
          } else if (step.do === 'take') {
            const from = taker.durable
            expect([taker.waiting, taker.urgent]).toEqual([published - from, published - from])
            taker.next(1, 1) // whatever a failed attempt took, the next one gets the same
            const taken = taker.next(Number.POSITIVE_INFINITY, step.most)
            expect(taken !== undefined).toBe(from < published)
            if (!taken) continue
            expect(taken.count).toBeLessThanOrEqual(step.most)
            const expected = lines.slice(from, from + taken.count)
            expect(taken.bytes.toString('utf8')).toBe(expected.map((line) => `${line}\n`).join(''))
            expect(Buffer.from(taken.leafHashes).toString('hex')).toBe(expected.map(leafHash).join(''))
            taker.confirm(taken.count)
          } else if (freed < taker.durable) {
            expect(putter.oldestLeafHash()).toBe(leafHash(lines[freed]!))
            expect(putter.oldestBody(first + freed)).toBe(bodies[freed++])
            putter.free()
          }
          if (freed === lines.length) expect(putter.used).toBe(0)
        }
      },
    ),
    { numRuns: effort(60, 5000) },
  )
  expect(refused).toBeGreaterThan(0) // it was full at times
})

test('a batch is as large as it may be, and one line goes however large it is', () => {
  const shared = shareRing(1)
  const [putter, taker] = [new RingPutter(shared), new RingTaker(shared)]
  for (let i = 0; i < 9; i++) putter.put('x'.repeat(85), MOST) // 101 bytes with prefix and line break
  putter.publish(false)
  expect(taker.next(505, 100)!.count).toBe(5)
  expect(taker.next(504, 100)!.count).toBe(4)
  expect(taker.next(1, 100)!.count).toBe(1)
})

test('a ring of short lines is full when there is a line for each place', () => {
  const shared = shareRing(1)
  const [putter, taker] = [new RingPutter(shared), new RingTaker(shared)]
  const fill = () => {
    let count = 0
    while (putter.put('x', MOST) === 1) count++
    return count
  }
  const places = fill()
  expect(places).toBe(1024)
  putter.publish(true)
  for (let left = places; left > 0; left -= 512) {
    expect(taker.next(Number.POSITIVE_INFINITY, 512)!.count).toBe(512)
    taker.confirm(512)
  }
  for (let i = 0; i < 100; i++) putter.free()
  expect(fill()).toBe(100)
})

test('an empty ring has room for the longest line wherever its last one was', () => {
  const shared = shareRing(1)
  const [putter, taker] = [new RingPutter(shared), new RingTaker(shared)]
  for (let i = 0; i < 300; i++) {
    const body = (i % 2 ? '€' : 'x').repeat(1 + ((i * 997) % 21_000))
    expect(putter.put(body, MOST)).toBe(Buffer.byteLength(body))
    putter.publish(true)
    expect(taker.next(1, 1)!.count).toBe(1)
    taker.confirm(1)
    putter.free()
  }
  expect(putter.used).toBe(0)
})

test('a side that sleeps is told, one that is awake is not', () => {
  const shared = shareRing(1)
  const [putter, taker] = [new RingPutter(shared), new RingTaker(shared)]
  expect(taker.sleep()).toBe(true)
  putter.put('a', MOST)
  expect(putter.publish(false)).toBe(true)
  putter.put('b', MOST)
  expect(putter.publish(true)).toBe(false)
  expect(taker.sleep()).toBe(false) // something has come
})

test('a bell that is rung later ends a nap for what is urgent, and for nothing else', async () => {
  const shared = shareRing(1)
  const [putter, taker, words] = [new RingPutter(shared), new RingTaker(shared), new Int32Array(shared.words)]
  const rings = () => Atomics.load(words, Word.bell)
  let asked = 0
  const bell = () => asked++
  putter.put('a', MOST)
  expect(putter.publish(true, bell)).toBe(false)
  expect([asked, rings()]).toEqual([0, 0]) // it is awake
  taker.next(1, 1)
  taker.confirm(1)
  Atomics.store(words, Word.rest, Rest.napping)
  putter.put('b', MOST)
  putter.publish(false, bell)
  putter.ring()
  expect([asked, rings()]).toEqual([0, 0]) // it may wait
  putter.put('c', MOST)
  putter.publish(true, bell)
  expect([asked, rings(), taker.urgent]).toEqual([1, 0, 2])
  putter.ring()
  putter.ring()
  expect([rings(), Atomics.load(words, Word.rest)]).toEqual([1, Rest.awake])
  taker.next(1, 2)
  taker.confirm(2)
  expect(taker.sleep()).toBe(true)
  putter.put('d', MOST)
  expect(putter.publish(true, bell)).toBe(true) // who sleeps hears no bell
  expect(asked).toBe(1)
})

test('lines that may wait are no more urgent than those before them, until they are many', () => {
  const shared = shareRing(2 ** 20)
  const [putter, taker] = [new RingPutter(shared), new RingTaker(shared)]
  putter.put('a', MOST)
  putter.publish(true)
  putter.put('b', MOST)
  putter.publish(false)
  expect([taker.waiting, taker.urgent]).toEqual([2, 1])
  for (let i = 0; i < 1000; i++) putter.put('c', MOST)
  putter.publish(false)
  expect([taker.waiting, taker.urgent]).toEqual([1002, 1002])
})

test('a ring half of which is taken has no line that may wait', () => {
  const shared = shareRing(2 ** 20)
  const [putter, taker] = [new RingPutter(shared), new RingTaker(shared)]
  for (let i = 0; i < 9; i++) putter.put('x'.repeat(60_000), MOST)
  putter.publish(false)
  expect(taker.urgent).toBe(9)
})

test('a nap ends at once where something is urgent, or an order has come', () => {
  const shared = shareRing(1)
  const [putter, taker] = [new RingPutter(shared), new RingTaker(shared)]
  const timed = (nap: () => void) => {
    const begun = performance.now()
    nap()
    return performance.now() - begun
  }
  putter.put('a', MOST)
  putter.publish(false)
  expect(timed(() => taker.nap(20, () => false))).toBeGreaterThan(15)
  expect(timed(() => taker.nap(60_000, () => true))).toBeLessThan(10_000)
  putter.publish(true)
  expect(timed(() => taker.nap(60_000, () => false))).toBeLessThan(10_000)
})

test('the clock of both threads is never 0', () => {
  expect(clockMs()).not.toBe(0)
  expect(Number.isInteger(clockMs())).toBe(true)
})
