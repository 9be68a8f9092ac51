import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { effort } from '../../../../test/effort.js'
import { TrailproofError } from '../../src/errors.js'
import type { Entry } from '../../src/log/log.js'
import { start, turns } from './support.js'

const seqs = (lines: readonly string[]) => lines.map((line) => JSON.parse(line).seq as number)
const events = (lines: readonly string[]) => lines.map((line) => JSON.parse(line).event as string)

describe('the way of a line', () => {
  it('lines that arrive while a write is under way go out together with the next one', async () => {
    const { log, append, gate, calls, lines, outcomes } = start()
    await log.ready
    gate.closed = true
    append('a')
    await turns()
    append('b')
    append('c')
    expect(calls).toEqual(['append 0+1'])
    expect(outcomes).toEqual({})
    await gate.release()
    expect(calls.filter((call) => call.startsWith('append'))).toEqual(['append 0+1', 'append 1+2'])
    expect(lines()).toEqual([
      '{"v":1,"seq":0,"event":"a"}',
      '{"v":1,"seq":1,"event":"b"}',
      '{"v":1,"seq":2,"event":"c"}',
    ])
    expect(outcomes).toEqual({ a: [0], b: [1], c: [2] })
  })

  it('one batch carries at most 1024 lines and 1 MiB', async () => {
    const { log, append, calls } = start({ limits: { maxQueuedBytes: 1e9, maxQueuedRecords: 1e6 } })
    await log.ready
    for (let i = 0; i < 1500; i++) append('a')
    for (let i = 0; i < 30; i++) append('b', { body: `"x":"${'x'.repeat(60_000)}"}` })
    await log.flush()
    expect(calls.filter((call) => call.startsWith('append'))).toEqual([
      'append 0+1024',
      'append 1024+493',
      'append 1517+13',
    ])
  })

  it('the receipt holds origin, index and the RFC 6962 hash of the stored line', async () => {
    const { log } = start()
    const receipt = await new Promise((resolve) =>
      log.append({
        event: 'a',
        body: '"a":"é"}',
        bytes: 9,
        wait: 'durable',
        settled: (_, receipt) => resolve(receipt),
      }),
    )
    const { createHash } = await import('node:crypto')
    expect(receipt).toEqual({
      origin: 'shop/abc/shop-0',
      index: 0,
      leafHash: createHash('sha256').update('\0{"v":1,"seq":0,"a":"é"}').digest('hex'),
    })
  })

  it('a line that is too long, or no line of JSON, is refused and takes no number', async () => {
    const { log, append, lines, outcomes } = start()
    append('a')
    append('long', { body: `"x":"${'x'.repeat(65_535)}"}` })
    append('broken', { body: '"x":"\n"}' })
    append('unclosed', { body: '"x":1' })
    append('throws', {
      body: () => {
        throw new Error('no')
      },
    })
    append('b')
    await log.flush()
    expect(outcomes).toEqual({
      a: [0],
      long: ['TRAILPROOF_EVENT_INVALID not-written'],
      broken: ['TRAILPROOF_EVENT_INVALID not-written'],
      unclosed: ['TRAILPROOF_EVENT_INVALID not-written'],
      throws: ['TRAILPROOF_EVENT_INVALID not-written'],
      b: [1],
    })
    expect(seqs(lines())).toEqual([0, 1])
  })

  it('a line of exactly 65,535 bytes is taken', async () => {
    const { log, append, outcomes } = start()
    append('a', { body: `"x":"${'x'.repeat(65_535 - 22)}"}` })
    append('b', { body: `"x":"${'x'.repeat(65_535 - 21)}"}` })
    await log.flush()
    expect(outcomes).toEqual({ a: [0], b: ['TRAILPROOF_EVENT_INVALID not-written'] })
  })

  it('a written line that waits for its checkpoint still counts toward the bound', async () => {
    let locked = true
    const key = {
      publicKey: new Uint8Array(32),
      sign() {
        if (locked) throw new Error('the key is locked')
        return new Uint8Array(64)
      },
    }
    const { log, append, clock, outcomes } = start({ key, limits: { maxQueuedBytes: 200, maxQueuedRecords: 3 } })
    await log.ready
    for (const event of ['a', 'b', 'c']) expect(append(event, { wait: 'checkpointed' })).toBe(true)
    await turns()
    expect([log.size, log.health().queuedRecords, outcomes]).toEqual([3, 0, {}])
    expect(append('d')).toBe(false)
    locked = false
    await clock.advance(2000)
    expect(outcomes).toEqual({ a: [0], b: [1], c: [2] })
    expect(append('d')).toBe(true)
    await log.flush()
  })

  it('when the queue is full the caller is told, and nothing is kept', async () => {
    const { log, append, lines, gate } = start({ limits: { maxQueuedBytes: 200, maxQueuedRecords: 3 } })
    await log.ready
    gate.closed = true
    expect([append('a'), append('b'), append('c', { bytes: 101 }), append('d'), append('e')]).toEqual([
      true,
      true,
      false,
      true,
      false,
    ])
    expect(log.health()).toMatchObject({ queuedRecords: 3, queuedBytes: 150 })
    await turns()
    await gate.release()
    expect(events(lines())).toEqual(['a', 'b', 'd'])
    expect(append('f')).toBe(true)
  })

  it("the log's own first words stand before what was queued while it opened, and know what was found", async () => {
    const preamble = (head: { size: number }): Entry[] => [
      {
        event: 'started',
        body: `"event":"started","found":${head.size}}`,
        bytes: 1,
        wait: 'checkpointed',
        settled: () => {},
      },
    ]
    const { log, append, lines } = start({ preamble })
    append('a')
    await log.flush()
    expect(events(lines())).toEqual(['started', 'a'])
  })
})

describe('keys that a line needs', () => {
  it('the line and those behind it wait, those before it do not', async () => {
    const { log, append, lines } = start()
    let ready = () => {}
    append('a')
    append('b', { ready: () => new Promise((resolve) => (ready = resolve)), body: () => '"event":"b"}' })
    append('c')
    await turns()
    expect(events(lines())).toEqual(['a'])
    ready()
    await log.flush()
    expect(events(lines())).toEqual(['a', 'b', 'c'])
  })

  it('a key store that fails is a failing log; it is asked again, and nothing is lost', async () => {
    const { log, append, lines, clock, states, outcomes } = start()
    const asked: number[] = []
    append('a', {
      ready: () => Promise.reject(new Error('no')),
      retryReady: async () => {
        asked.push(clock.now())
        if (asked.length < 3) throw new Error('no')
      },
    })
    append('b')
    await turns()
    expect(log.health()).toMatchObject({
      state: 'failing',
      queuedRecords: 2,
      lastError: { code: 'TRAILPROOF_WRITE_FAILED', record: 'not-written' },
    })
    for (let i = 0; i < 8; i++) await clock.advance(50)
    await log.flush()
    expect(asked).toEqual([50, 150, 350])
    expect(states).toEqual(['writing', 'failing', 'writing'].slice(states[0] === 'failing' ? 1 : 0))
    expect([events(lines()), outcomes]).toEqual([['a', 'b'], { a: [0], b: [1] }])
  })
})

describe('a writer that fails', () => {
  it('nothing leaves the queue; the same lines are tried again after 50 ms, 100 ms … 2 s', async () => {
    const { log, append, gate, calls, clock, lines, states, outcomes } = start()
    await log.ready
    gate.failing = new Error('disk')
    append('a')
    await turns()
    append('b')
    const attempts: number[] = []
    for (let i = 0; i < 200; i++) {
      const before = calls.length
      await clock.advance(50)
      if (calls.length > before) attempts.push(clock.now())
    }
    expect(attempts.slice(0, 8)).toEqual([50, 150, 350, 750, 1550, 3150, 5150, 7150])
    expect(outcomes).toEqual({})
    gate.failing = undefined
    await clock.advance(2000)
    expect([outcomes, seqs(lines()), states]).toEqual([{ a: [0], b: [1] }, [0, 1], ['writing', 'failing', 'writing']])
    expect(log.health().lastError).toMatchObject({ code: 'TRAILPROOF_WRITE_FAILED', record: 'unknown' })
  })

  it('closing tries five times, then tells each entry and the caller', async () => {
    const { log, append, gate, clock, outcomes, lease } = start()
    await log.ready
    gate.failing = new TrailproofError('TRAILPROOF_WRITE_FAILED', 'disk', { record: 'unknown' })
    append('a')
    await turns()
    const closing = log.close()
    const end = expect(closing).rejects.toMatchObject({ code: 'TRAILPROOF_WRITE_FAILED' })
    append('late')
    for (let i = 0; i < 40; i++) await clock.advance(50)
    await end
    expect(outcomes).toEqual({ a: ['TRAILPROOF_WRITE_FAILED unknown'], late: ['TRAILPROOF_CLOSED not-written'] })
    expect(log.state).toBe('closed')
    await expect(lease.open({ newOrigin: () => 'x', publicKey: new Uint8Array(32) })).rejects.toMatchObject({
      code: 'TRAILPROOF_CLOSED',
    })
  })

  it('a log that cannot be opened says so, goes on trying and keeps what is appended', async () => {
    let failures = 2
    const { log, append, clock, outcomes, states } = start({
      wrap(open) {
        if (failures-- > 0) throw new Error('not yet')
        return open
      },
    })
    append('a')
    await expect(log.ready).rejects.toMatchObject({ code: 'TRAILPROOF_WRITE_FAILED' })
    for (let i = 0; i < 4; i++) await clock.advance(50)
    expect([outcomes, states]).toEqual([{ a: [0] }, ['failing', 'writing']])
  })

  it('a call that does not return makes the log stalled until it does', async () => {
    const { log, append, gate, clock, states } = start()
    await log.ready
    gate.closed = true
    append('a')
    await turns()
    await clock.advance(999)
    expect(log.state).toBe('writing')
    await clock.advance(1)
    expect(log.health()).toMatchObject({
      state: 'stalled',
      lastError: { code: 'TRAILPROOF_WRITE_TIMEOUT', record: 'unknown' },
    })
    await gate.release()
    expect(states).toEqual(['writing', 'stalled', 'writing'])
  })

  it('an owner that throws does not keep the others from being told', async () => {
    const { log, append, outcomes } = start()
    append('a', {
      settled: () => {
        throw new Error('mine')
      },
    })
    append('b')
    await log.flush()
    expect(outcomes).toEqual({ b: [1] })
  })
})

describe('checkpoints', () => {
  it('one is signed right after a commit, at most every 10 ms, and never over lines that are not durable', async () => {
    const { log, append, gate, clock, signed, calls } = start()
    await log.ready
    append('a')
    await turns()
    expect([signed, calls]).toEqual([[1], ['append 0+1', 'checkpoint 1']])
    append('b')
    await turns()
    append('c')
    await turns()
    expect(signed).toEqual([1])
    gate.closed = true
    append('d')
    await turns()
    await clock.advance(10)
    expect(signed).toEqual([1])
    await gate.release()
    expect(signed).toEqual([1, 4])
  })

  it('one is synced within a second of the first commit that it covers', async () => {
    const { log, append, clock, calls } = start()
    await log.ready
    append('a')
    await turns()
    for (let i = 0; i < 99; i++) await clock.advance(10)
    expect(calls.filter((call) => call.includes('sync'))).toEqual([])
    await clock.advance(10)
    expect(calls.filter((call) => call.includes('sync'))).toEqual(['checkpoint 1 sync'])
    await clock.advance(5000)
    expect(calls.length).toBe(3)
  })

  it('entries that wait for it are told once it is synced, and not before', async () => {
    const { log, append, gate, calls, outcomes } = start()
    await log.ready
    gate.closed = true
    append('a', { wait: 'checkpointed' })
    append('b')
    await turns()
    await gate.release()
    gate.closed = true
    expect(calls).toEqual(['append 0+2', 'checkpoint 2 sync'])
    expect(outcomes).toEqual({ a: [0], b: [1] })
  })

  it('checkpoint() resolves when one that is synced covers everything appended so far, also under load', async () => {
    const { log, append, calls } = start()
    await log.ready
    append('a')
    await turns()
    append('b')
    const done = log.checkpoint()
    let over = false
    done.then(() => (over = true))
    for (let i = 0; i < 50 && !over; i++) {
      append('more')
      await turns(1)
    }
    expect(over).toBe(true)
    expect(calls.some((call) => /^checkpoint ([2-9]|\d\d) sync$/.test(call))).toBe(true)
    expect(await log.flush()).toBeUndefined()
  })

  it('a key that fails keeps no line waiting; the checkpoint is made up for later', async () => {
    let failing = true
    const { log, append, clock, outcomes, lines } = start({
      key: {
        publicKey: new Uint8Array(32),
        sign: () => {
          if (failing) throw new Error('KMS')
          return new Uint8Array(64)
        },
      },
    })
    append('a')
    append('b', { wait: 'checkpointed' })
    await turns()
    append('c')
    await turns()
    expect([outcomes, lines().length, log.state, log.signedSize]).toEqual([{ a: [0], c: [2] }, 3, 'failing', 0])
    failing = false
    await clock.advance(50)
    expect([outcomes['b'], log.state, log.signedSize]).toEqual([[1], 'writing', 3])
  })

  it('a tail that was found at opening is signed only together with the record about it', async () => {
    const found = {
      size: 2,
      frontier: [new Uint8Array(32)],
      signedSize: 0,
      recovered: { from: 0, to: 2, quarantinedBytes: 0 },
    }
    let ready = () => {}
    const words: Entry = {
      event: 'recovered',
      body: '"event":"recovered"}',
      bytes: 1,
      wait: 'durable',
      ready: () => new Promise<void>((resolve) => (ready = () => resolve())),
      settled: () => {},
    }
    const { log, clock, signed, calls } = start({
      preamble: () => [words],
      wrap: (open) => ({ ...open, head: found, append: async () => {}, putCheckpoint: async () => {} }),
    })
    await log.ready
    await clock.advance(2000)
    expect(signed).toEqual([])
    ready()
    await log.flush()
    await turns()
    expect([signed, calls]).toEqual([[3], []])
  })

  it('closing leaves every line under a synced checkpoint and gives the slot up', async () => {
    const { log, append, calls, writer } = start()
    append('a')
    await log.close()
    expect(calls).toEqual(['append 0+1', 'checkpoint 1 sync', 'close'])
    expect(writer.lease('shop').slot).toBe('shop-0')
    await log.close()
    await log.flush()
  })
})

describe('the end of a process', () => {
  it('what waits for its keys is refused by name, the rest is written', async () => {
    const { log, append, outcomes, lines } = start()
    await log.ready
    append('a')
    append('b', { ready: () => new Promise(() => {}) })
    append('c')
    expect(log.finishSync(100)).toBe(false)
    expect([events(lines()), outcomes]).toEqual([
      ['a', 'c'],
      { a: [0], b: ['TRAILPROOF_WRITE_FAILED not-written'], c: [1] },
    ])
  })

  it('on a disk that is known to hang nothing is begun, so that the process can end', async () => {
    const { log, append, gate, clock, outcomes } = start()
    await log.ready
    gate.closed = true
    append('a')
    await turns()
    await clock.advance(1000)
    expect(log.finishSync(100)).toBe(false)
    expect(outcomes).toEqual({ a: ['TRAILPROOF_WRITE_TIMEOUT unknown'] })
  })

  it('an idle log holds nothing: no timer keeps the process alive', async () => {
    const { log, append, clock, gate } = start()
    append('a')
    await log.flush()
    expect(clock.held).toBe(0)
    gate.failing = new Error('disk')
    append('b')
    await turns()
    expect(clock.held).toBe(0)
  })
})

describe('whatever happens', () => {
  it('every entry is answered exactly once, and the lines are those that were acknowledged, in order', async () => {
    const action = fc.oneof(
      fc.record({
        do: fc.constant('append' as const),
        wait: fc.constantFrom('durable' as const, 'checkpointed' as const),
        bad: fc.boolean(),
      }),
      fc.record({
        do: fc.constantFrom('fail' as const, 'heal' as const, 'turn' as const, 'flush' as const, 'checkpoint' as const),
      }),
      fc.record({ do: fc.constant('advance' as const), ms: fc.constantFrom(5, 50, 1000, 2000) }),
    )
    await fc.assert(
      fc.asyncProperty(
        fc.array(action, { maxLength: 40 }),
        fc.constantFrom('close', 'finish'),
        async (actions, how) => {
          const { log, append, gate, clock, outcomes, lines, signed } = start({
            limits: { maxQueuedBytes: 1000, maxQueuedRecords: 12 },
          })
          const taken: string[] = []
          let n = 0
          for (const act of actions) {
            if (act.do === 'append') {
              const name = `${act.bad ? 'bad' : 'good'}${n++}`
              if (append(name, { wait: act.wait, ...(act.bad && { body: '\n' }) })) taken.push(name)
            } else if (act.do === 'fail') gate.failing = new Error('disk')
            else if (act.do === 'heal') gate.failing = undefined
            else if (act.do === 'flush' || act.do === 'checkpoint') log[act.do]().catch(() => {})
            else if (act.do === 'advance') await clock.advance(act.ms)
            else await turns(1)
            for (const size of signed) expect(size).toBeLessThanOrEqual(lines().length)
          }
          gate.failing = undefined
          if (how === 'finish') {
            if (log.state === 'opening') await log.ready
            expect(log.finishSync(1000)).toBe(true)
          } else {
            const closing = log.close()
            while (log.state !== 'closed') await clock.advance(50)
            await closing
          }
          const good = taken.filter((name) => name.startsWith('good'))
          expect(events(lines())).toEqual(good)
          expect(outcomes).toEqual(
            Object.fromEntries(
              taken.map((name) => [
                name,
                [name.startsWith('bad') ? 'TRAILPROOF_EVENT_INVALID not-written' : good.indexOf(name)],
              ]),
            ),
          )
          expect(signed.length === 0 || signed.at(-1) === good.length).toBe(true)
        },
      ),
      { numRuns: effort(100, 2000) },
    )
  })
})
