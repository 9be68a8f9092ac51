// Whatever happens in whatever order, each entry is settled exactly once: the log's thread is played by hand.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { effort } from '../../../../../test/effort.js'
import { TrailproofError } from '../../../src/errors.js'
import type { Entry } from '../../../src/log/entry.js'
import { closedError } from '../../../src/log/log-errors.js'
import { RingTaker, shareRing } from '../../../src/log/thread/ring.js'
import { Sender } from '../../../src/log/thread/sender.js'
import { Clock, turns } from '../support.js'

type Step =
  | { do: 'append'; wait: Entry['wait']; kind: 'plain' | 'keys' | 'broken' | 'not a line' }
  | { do: 'keys' | 'open' | 'write' | 'durable' | 'checkpoint' | 'wait' | 'pause' }

const aStep: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('append' as const),
      wait: fc.constantFrom('durable' as const, 'checkpointed' as const),
      kind: fc.constantFrom(
        'plain' as const,
        'plain' as const,
        'keys' as const,
        'broken' as const,
        'not a line' as const,
      ),
    }),
  },
  {
    weight: 10,
    arbitrary: fc.record({
      do: fc.constantFrom('keys', 'open', 'write', 'durable', 'checkpoint', 'wait', 'pause'),
    }) as fc.Arbitrary<Step>,
  },
)

test('each entry is settled exactly once, in order, whatever happens in whatever order', async () => {
  const kinds = new Set<string>()
  await fc.assert(
    fc.asyncProperty(
      fc.array(aStep, { minLength: 10, maxLength: 120 }),
      fc.constantFrom('end', 'fail', 'run dry'),
      async (steps, last) => {
        const shared = shareRing(1)
        const taker = new RingTaker(shared)
        const asked: number[] = []
        const sender = new Sender(shared, { maxQueuedBytes: 1e6, maxQueuedRecords: 60 }, new Clock(), {
          wake() {},
          moved() {},
          changed() {},
          failed() {},
          checkpoint: (id) => void asked.push(id),
        })
        let [open, written, waits, waited] = [false, 0, 0, 0]
        let keys: (() => void)[] = []
        const ends: (string | number)[][] = []
        const append = ({ wait, kind }: Extract<Step, { do: 'append' }>) => {
          const mine: (string | number)[] = []
          const entry: Entry = {
            event: 'e',
            bytes: 20,
            wait,
            body: kind === 'not a line' ? 'nothing' : `"event":"${ends.length}"}`,
            settled: (error, receipt) => void mine.push(error ? error.code : receipt!.index),
          }
          if (kind === 'keys') entry.ready = () => new Promise((resolve) => keys.push(resolve))
          if (kind === 'broken')
            entry.body = () => {
              throw new Error('cannot be built')
            }
          if (sender.append(entry)) ends.push(mine)
        }
        const durable = () => {
          for (let left = written - taker.durable; left > 0; left = written - taker.durable)
            taker.confirm(taker.next(Number.POSITIVE_INFINITY, left)!.count)
          sender.progress()
        }
        const write = () => {
          written = taker.durable + taker.waiting
        }
        const perform = async (step: Step) => {
          if (step.do === 'append') append(step)
          else if (step.do === 'keys') for (const resolve of keys.splice(0)) resolve()
          else if (step.do === 'open' && !open) {
            open = true
            sender.open('shop/x/shop-0', 0, [])
            sender.pump()
          } else if (step.do === 'write') write()
          else if (step.do === 'durable') durable()
          else if (step.do === 'checkpoint' && asked.length > 0) {
            write()
            durable()
            sender.answered(asked.shift()!, undefined)
          } else if (step.do === 'wait') {
            waits++
            sender.wait(waits % 2 === 0).then(
              () => waited++,
              () => waited++,
            )
          } else if (step.do === 'pause') await turns(1)
        }
        for (const step of steps) await perform(step)
        if (last === 'run dry') {
          await perform({ do: 'open' })
          for (let i = 0; i < 5; i++)
            for (const step of ['keys', 'pause', 'write', 'durable', 'checkpoint', 'checkpoint', 'pause'] as const)
              await perform({ do: step })
          while (asked.length > 0) await perform({ do: 'checkpoint' })
          expect(sender.queuedRecords).toBe(0)
          expect(sender.queuedBytes).toBe(0)
        } else {
          const error = last === 'fail' ? new TrailproofError('TRAILPROOF_WRITE_FAILED', 'given up') : undefined
          sender.end(error, error ?? closedError())
        }
        await turns(2)
        keys = []
        for (const mine of ends) expect(mine).toHaveLength(1)
        expect(waited).toBe(waits)
        const indexes = ends.flat().filter((end) => typeof end === 'number')
        expect(indexes).toEqual([...new Set(indexes)].sort((a, b) => Number(a) - Number(b)))
        if (last === 'run dry') expect(indexes).toEqual(indexes.map((_, i) => i))
        for (const end of ends.flat()) kinds.add(typeof end === 'number' ? 'receipt' : String(end))
      },
    ),
    { numRuns: effort(150, 5000) },
  )
  expect([...kinds].sort()).toEqual([
    'TRAILPROOF_CLOSED',
    'TRAILPROOF_EVENT_INVALID',
    'TRAILPROOF_WRITE_FAILED',
    'receipt',
  ])
}, 120_000)
