// No observation without a word: recorded, declared or dropped.
import { createAudit, memoryKeys, memoryWriter, type PolicyRule } from '@trailproof/core'
import { coreOf } from '@trailproof/core/adapter'
import { describe, expect, it } from 'vitest'
import { checkNumbers } from '../src/index.js'

type Json = Record<string, unknown>
const run = (...records: Json[]) =>
  [{ event: 'audit.started' }, ...records].map((record, seq) => JSON.stringify({ seq, ...record }))
const seen = (n: number) => ({ event: 'login.failed', n })
const beat = (n: number, more: Json = {}) => ({ event: 'audit.heartbeat', data: { n, ...more } })
const declared = (count: number, first_n: number, last_n: number) => ({
  event: 'session.renewed',
  declared: { by: 'rollup', count, first_n, last_n },
})

describe('a log is whole', () => {
  it.each<[string, Json[]]>([
    ['when every number is recorded', [seen(1), seen(2), beat(2)]],
    ['when what is missing is declared', [seen(1), seen(4), declared(2, 2, 3), beat(4)]],
    ['when declarations overlap', [seen(1), declared(3, 2, 7), declared(2, 3, 5), seen(6), beat(7)]],
    ['when the heartbeat declares it', [seen(1), beat(4, { none: [{ count: 3, first_n: 2, last_n: 4 }] })]],
    ['when it was dropped', [seen(1), { event: 'audit.dropped', data: { by_event: { 'login.failed': 2 } } }, beat(3)]],
    ['when a crash took what came after the last heartbeat', [seen(1), beat(1), seen(5)]],
    ['when the next process counts anew', [seen(1), beat(1), { event: 'audit.started' }, seen(1), beat(1)]],
  ])('%s', (_, records) => expect(() => checkNumbers(run(...records))).not.toThrow())

  it.each<[string, Json[], string]>([
    ['a number is missing', [seen(1), seen(3), beat(3)], 'the number 2 is neither recorded nor declared'],
    ['the last one is missing', [seen(1), beat(2)], 'the number 2 is neither'],
    ['too few are declared', [seen(1), declared(1, 2, 3), beat(3)], 'the number 3 is neither'],
    ['they are declared elsewhere', [declared(1, 2, 2), seen(2), seen(3), beat(3)], '1 more are declared'],
    ['too many are declared', [seen(1), seen(2), declared(1, 1, 2), beat(2)], '1 more are declared'],
    ['a number stands twice', [seen(1), seen(1)], 'line 2 repeats the number 1'],
    [
      'records of its own were dropped, which have no number',
      [seen(2), { event: 'audit.dropped', data: { by_event: { 'audit.heartbeat': 9 } } }, beat(2)],
      'the number 1 is neither',
    ],
  ])('and not when %s', (_, records, problem) => expect(() => checkNumbers(run(...records))).toThrow(problem))
})

it('what an audit writes under every kind of policy is whole', async () => {
  const writer = memoryWriter()
  const policy: PolicyRule[] = [
    { events: 'resource.read', record: 'sample', sample: { rate: 0.3 } },
    { events: 'page.seen', record: 'none' },
  ]
  const limits = { queueRecords: 100 }
  const audit = createAudit({ service: 'shop', writer, keys: memoryKeys(), policy, limits, heartbeatEveryMs: 5 })
  const core = coreOf(audit)
  const events = ['session.renewed', 'resource.read', 'page.seen', 'login.failed', 'token.verified']
  for (let i = 0; i < 3000; i++) {
    const id = String(i % 7)
    void core.observe({
      event: events[i % events.length]!,
      hook: 'test',
      session: `session-${id}`,
      token: { value: `a.b.${id}`, verified: true },
      actor: { id: `u${i}` },
    })
    if (i % 50 === 0) await new Promise((resolve) => setTimeout(resolve, 1))
    if (i === 1500) for (let k = 0; k < 300; k++) void core.observe({ event: 'login.failed', hook: 'test' }) // a flood
  }
  await audit.close()
  const { lines } = writer.logs[0]!
  checkNumbers(lines)
  const { seen, recorded, declared, dropped } = audit.health().counts['test']!
  expect({ seen, told: recorded + declared + dropped }).toEqual({ seen: 3300, told: 3300 })
  expect([recorded > 600, declared > 600, dropped > 0]).toEqual([true, true, true])
  // One record less, whichever it is, is found.
  const numbered = lines.flatMap((line, i) => (JSON.parse(line).n === undefined ? [] : [i]))
  for (const at of [numbered[0]!, numbered[Math.floor(numbered.length / 2)]!])
    expect(() => checkNumbers(lines.filter((_, i) => i !== at))).toThrow('neither recorded nor declared')
  const counted = lines.findIndex((line) => JSON.parse(line).declared)
  expect(() => checkNumbers(lines.filter((_, i) => i !== counted))).toThrow('neither recorded nor declared')
})
