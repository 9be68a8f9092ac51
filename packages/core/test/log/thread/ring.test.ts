// The shared memory between the two threads, against a plain list, in whatever order both sides work.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { effort } from '../../../../../test/effort.js'
import { clockMs, RingPutter, RingTaker, shareRing } from '../../../src/log/thread/ring.js'

const MOST = 65_000

type Step = { do: 'put'; body: string } | { do: 'publish' } | { do: 'take' } | { do: 'free' }

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
  { weight: 8, arbitrary: fc.constant<Step>({ do: 'take' }) },
  { weight: 6, arbitrary: fc.constant<Step>({ do: 'free' }) },
)

test('what is put comes out, in order and unchanged, however often the ring goes round', () => {
  let refused = 0
  fc.assert(
    fc.property(fc.array(aStep, { minLength: 200, maxLength: 600, size: 'max' }), (steps) => {
      const shared = shareRing(1)
      const [putter, taker] = [new RingPutter(shared), new RingTaker(shared)]
      const bodies: string[] = [] // all that were put
      let [published, taken, freed] = [0, 0, 0]
      for (const step of steps) {
        if (step.do === 'put') {
          const bytes = putter.put(step.body, MOST)
          if (bytes < 0) refused++
          else if (bytes > MOST) expect(Buffer.byteLength(step.body)).toBeGreaterThan(MOST)
          else {
            expect(bytes).toBe(Buffer.byteLength(step.body))
            bodies.push(step.body)
          }
        } else if (step.do === 'publish') {
          putter.publish()
          published = bodies.length
        } else if (step.do === 'take') {
          const slot = taker.take()
          expect(slot >= 0).toBe(taken < published)
          if (slot < 0) continue
          const text = taker.bytes.toString('utf8', taker.bodyStart(slot), taker.bodyEnd(slot))
          expect(text).toBe(bodies[taken]!.toWellFormed())
          taker.answer(slot, taken.toString(16).padStart(64, '0'))
          taken++
        } else if (freed < taken) {
          expect(putter.oldestLeafHash()).toBe(freed.toString(16).padStart(64, '0'))
          expect(putter.oldestBody()).toBe(bodies[freed++]!.toWellFormed())
          putter.free()
        }
        if (freed === bodies.length) expect(putter.used).toBe(0)
      }
    }),
    { numRuns: effort(60, 5000) },
  )
  expect(refused).toBeGreaterThan(0) // it was full at times
})

test('an empty ring has room for the longest line wherever its next slot would be', () => {
  const shared = shareRing(1)
  const [putter, taker] = [new RingPutter(shared), new RingTaker(shared)]
  for (let i = 0; i < 300; i++) {
    const body = (i % 2 ? '€' : 'x').repeat(1 + ((i * 997) % 21_000))
    expect(putter.put(body, MOST)).toBe(Buffer.byteLength(body))
    putter.publish()
    expect(taker.take()).toBeGreaterThanOrEqual(0)
    putter.free()
  }
  expect(putter.used).toBe(0)
})

test('a side that sleeps is told, one that is awake is not', () => {
  const shared = shareRing(1)
  const [putter, taker] = [new RingPutter(shared), new RingTaker(shared)]
  expect(taker.sleep()).toBe(true)
  putter.put('a', MOST)
  expect(putter.publish()).toBe(true)
  putter.put('b', MOST)
  expect(putter.publish()).toBe(false)
  expect(taker.sleep()).toBe(false) // something has come
})

test('the clock of both threads is never 0', () => {
  expect(clockMs()).not.toBe(0)
  expect(Number.isInteger(clockMs())).toBe(true)
})
