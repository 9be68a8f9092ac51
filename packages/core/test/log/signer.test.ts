// A signing key in another place: slow, away, or wrong. Records stay durable; what is unsigned stays bounded.
import { sign } from 'node:crypto'
import { expect, it } from 'vitest'
import type { TrailproofError } from '../../src/errors.js'
import type { RemoteLimits } from '../../src/log/crypto.js'
import { memoryReader, verifyLog } from '../../src/verify/index.js'
import { privateKey, publicKey, start, turns } from './support.js'

const raw = Uint8Array.from(publicKey.export({ format: 'der', type: 'spki' }).subarray(-32))

/** A key whose every answer the test gives. */
function remote(limits: Partial<RemoteLimits> = {}) {
  const asked: { size: number; answer(signature?: unknown): Promise<void>; fail(): Promise<void> }[] = []
  const key = {
    publicKey: raw,
    remote: { signEveryMs: 60_000, maxUnsignedMs: 900_000, maxUnsignedRecords: 1000, ...limits },
    sign: (message: Uint8Array) =>
      new Promise<Uint8Array>((resolve, reject) =>
        asked.push({
          size: Number(Buffer.from(message).toString().split('\n')[1]),
          async answer(signature = sign(null, message, privateKey)) {
            resolve(signature as Uint8Array)
            await turns(8)
          },
          async fail() {
            reject(new Error('no'))
            await turns(8)
          },
        }),
      ),
  }
  return { key, asked, sizes: () => asked.map(({ size }) => size) }
}

it('records are durable while the signer thinks, and its checkpoint covers what it was asked for', async () => {
  const { key, asked, sizes } = remote()
  const { log, append, outcomes, writer } = start({ key })
  append('a')
  await turns(8)
  append('b')
  await turns(8)
  expect(outcomes).toEqual({ a: [0], b: [1] })
  expect([sizes(), log.signedSize, log.state]).toEqual([[1], 0, 'writing'])
  await asked[0]!.answer()
  expect([log.signedSize, log.size]).toEqual([1, 2])
  expect(await verifyLog(memoryReader(writer.logs[0]!))).toMatchObject({ problems: [], signed: 1, unsigned: 1 })
})

it('the signer is asked at most once a minute, and at once when somebody waits for a checkpoint', async () => {
  const { key, asked, sizes } = remote()
  const { log, append, clock, outcomes } = start({ key })
  append('a')
  await turns(8)
  await asked[0]!.answer()
  append('b')
  await turns(8)
  await clock.advance(59_000)
  expect(sizes()).toEqual([1])
  await clock.advance(1000)
  await turns(8)
  expect(sizes()).toEqual([1, 2])
  await asked[1]!.answer()
  append('c', { wait: 'checkpointed' })
  await turns(8)
  expect([sizes(), outcomes['c']]).toEqual([[1, 2, 3], undefined])
  await asked[2]!.answer()
  expect(outcomes['c']).toEqual([2])
  append('d')
  const closed = log.close()
  await turns(8)
  expect(sizes()).toEqual([1, 2, 3, 4])
  await asked[3]!.answer()
  await closed
  expect(log.signedSize).toBe(4)
})

it('flush ends although records keep coming, once what was there before is signed', async () => {
  const { key, asked } = remote()
  const { log, append } = start({ key })
  append('a')
  let flushed = false
  log.checkpoint().then(() => (flushed = true))
  await turns(8)
  append('b')
  await turns(8)
  await asked[0]!.answer()
  expect(flushed).toBe(true)
  expect(log.size).toBe(2)
})

for (const [what, signature] of Object.entries({
  'of another message': sign(null, Buffer.from('another'), privateKey),
  'that is too short': new Uint8Array(10),
  'that is none': 'c2lnbmF0dXJl',
}))
  it(`a signature ${what} is never kept; the log says so, writes on, and asks again`, async () => {
    const { key, asked, sizes } = remote()
    const { log, append, writer, clock, outcomes } = start({ key })
    append('a')
    await turns(8)
    await asked[0]!.answer(signature)
    append('b')
    await turns(8)
    expect([writer.logs[0]!.notes, outcomes]).toEqual([[], { a: [0], b: [1] }])
    expect(log.health()).toMatchObject({
      state: 'writing',
      signerError: { code: 'TRAILPROOF_SIGNER_FAILED', record: 'written' },
    })
    await clock.advance(50)
    await turns(8)
    expect(sizes()).toEqual([1, 2])
    await asked[1]!.answer()
    expect([log.signedSize, log.health().signerError]).toEqual([2, undefined])
  })

it('a signer that is away is asked less and less often', async () => {
  const { key, asked } = remote()
  const { append, clock } = start({ key })
  append('a')
  await turns(8)
  const at: number[] = []
  for (let i = 0; i < 120; i++) {
    const question = asked[at.length]
    if (question) {
      at.push(clock.now())
      await question.fail()
    }
    await clock.advance(50)
    await turns(4)
  }
  expect(at.slice(0, 6)).toEqual([0, 50, 150, 350, 750, 1550])
})

it('no more than the allowed number of records stands unsigned; then the log fails until it is signed', async () => {
  const { key, asked } = remote({ maxUnsignedRecords: 3 })
  const { log, append, clock, lines, states } = start({ key })
  append('a')
  await turns(8)
  await asked[0]!.fail()
  for (const event of ['b', 'c', 'd', 'e']) append(event)
  await turns(8)
  expect([lines().length, log.health().queuedRecords, log.state]).toEqual([3, 2, 'failing'])
  expect(log.health().lastError).toMatchObject({ code: 'TRAILPROOF_SIGNER_FAILED' })
  await clock.advance(60)
  await turns(8)
  await asked[1]!.answer()
  await turns(8)
  expect([lines().length, log.signedSize, log.state]).toEqual([5, 3, 'writing'])
  expect(states.slice(-2)).toEqual(['failing', 'writing'])
})

it('nor does a record stand unsigned for longer than allowed, also when nothing more arrives', async () => {
  const { key, asked } = remote({ maxUnsignedMs: 10_000 })
  const { log, append, clock, lines } = start({ key })
  append('a')
  await turns(8)
  for (let i = 0; i < 12; i++) {
    await asked.at(-1)!.fail()
    await clock.advance(1000)
    await turns(4)
  }
  expect(log.state).toBe('failing')
  append('b')
  await turns(8)
  expect(lines()).toHaveLength(1)
  for (let i = 0; i < 4 && log.state === 'failing'; i++) {
    await asked.at(-1)!.answer()
    await clock.advance(2000)
    await turns(8)
  }
  expect([lines().length, log.state]).toEqual([2, 'writing'])
})

it('at the end of the process the last records are made durable without a signature, and the next start says so', async () => {
  const { key } = remote()
  const { log, append, writer, outcomes } = start({ key })
  append('a')
  await turns(8)
  append('b')
  expect(log.finishSync(1000)).toBe(true)
  expect([outcomes, writer.logs[0]!.notes]).toEqual([{ a: [0], b: [1] }, []])
  const head = await writer.lease('shop').open({ newOrigin: () => 'x', publicKey: raw })
  expect(head.head.recovered).toEqual({ from: 0, to: 2, quarantinedBytes: 0 })
})

it('closing without the signer ends after two questions, and says that the records are written', async () => {
  const { key, asked } = remote()
  const { log, append, clock, outcomes } = start({ key })
  append('a')
  await turns(8)
  const closed = log.close().catch((error: TrailproofError) => error)
  for (let i = 0; i < 4 && asked.length < 4; i++) {
    await asked.at(-1)!.fail()
    await clock.advance(2000)
  }
  expect(await closed).toMatchObject({ code: 'TRAILPROOF_SIGNER_FAILED', record: 'written' })
  expect([outcomes, asked.length]).toEqual([{ a: [0] }, 2])
  expect(log.state).toBe('closed')
})

it('a tail that is longer than allowed is signed all the same, together with the record about it', async () => {
  const { key, asked, sizes } = remote({ maxUnsignedRecords: 3 })
  const before = start({ key: { ...key, remote: { ...key.remote, maxUnsignedRecords: 1000 } } })
  for (const event of ['a', 'b', 'c', 'd', 'e']) before.append(event)
  await turns(8)
  before.log.finishSync(1000)
  const preamble = () => [
    { event: 'found', body: '"event":"found"}', bytes: 1, wait: 'durable' as const, settled: () => {} },
  ]
  const { log, append } = start({ key, lease: before.writer.lease('shop'), preamble })
  append('f')
  await turns(8)
  expect([sizes().at(-1), log.size]).toEqual([7, 7])
  await asked.at(-1)!.answer()
  expect([log.signedSize, log.state]).toEqual([7, 'writing'])
})

it('a local key that answers later is a mistake, and is told as one', async () => {
  const key = { publicKey: raw, sign: async () => new Uint8Array(64) }
  const { log, append } = start({ key })
  append('a')
  await turns(8)
  expect(log.health()).toMatchObject({ state: 'failing', lastError: { code: 'TRAILPROOF_WRITE_FAILED' } })
})
