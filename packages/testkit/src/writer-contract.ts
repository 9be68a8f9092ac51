// What every writer must keep to. Give it a writer and your test runner's functions; each case starts from nothing.
import { createHash } from 'node:crypto'
import type { Batch, Lease, OpenLog, OpenRequest, Writer } from '@trailproof/core'
import { ed25519Signer, Frontier, formatCheckpoint, signNote, treeHasher } from '@trailproof/tlog'
import { type TestKey, testKey } from './test-key.js'

/** A writer under test, with a place of its own. */
export interface WriterUnderTest {
  writer: Writer
  /** A writer on the same place, as the next process would make it, after the first was released. */
  reopen(): Writer | Promise<Writer>
  /** The stored lines of a slot, without `\n`, read by other code than the writer's where possible. */
  lines(slot: string): string[] | Promise<string[]>
  /** Makes the next `append` fail: with nothing done (`refused`), or with everything done (`answer lost`). */
  failNext?(how: 'refused' | 'answer lost'): void
  cleanup?(): void | Promise<void>
}

export interface WriterContractOptions {
  name: string
  create(): WriterUnderTest | Promise<WriterUnderTest>
}

/** The parts of a test runner that are needed; vitest, jest and node:test with expect all have them. */
export interface TestRunner {
  describe(name: string, body: () => void): void
  it(name: string, body: () => Promise<void>): void
  // biome-ignore lint/suspicious/noExplicitAny: matchers differ between runners
  expect(value: unknown): any
}

const sha256 = (data: Uint8Array) => new Uint8Array(createHash('sha256').update(data).digest())
const hasher = treeHasher(sha256)

/** Lines as the log makes them. */
export function batchOf(first: number, count: number, text = 'x'): Batch {
  const lines = Array.from({ length: count }, (_, i) => `{"v":1,"seq":${first + i},"text":"${text}"}`)
  return {
    first,
    count,
    bytes: Buffer.from(lines.map((line) => `${line}\n`).join('')),
    leafHashes: Buffer.concat(lines.map((line) => hasher.leaf(Buffer.from(line)))),
  }
}

function frontierOf(...batches: Batch[]): Frontier {
  const frontier = new Frontier(hasher)
  for (const { leafHashes } of batches) frontier.appendAll(leafHashes)
  return frontier
}

const linesOf = (...batches: Batch[]) =>
  batches.flatMap(({ bytes }) => Buffer.from(bytes).toString('utf8').split('\n').slice(0, -1))

export function writerContract({ name, create }: WriterContractOptions, { describe, it, expect }: TestRunner): void {
  const key = testKey()
  let made = 0
  const request = (by: TestKey = key): OpenRequest => ({
    newOrigin: (slot) => `shop/${++made}/${slot}`,
    publicKey: by.publicKey,
  })
  const noteOf = (log: OpenLog, frontier: Frontier) => {
    const signer = ed25519Signer(sha256, log.origin, key.publicKey, key.sign)
    return signNote(formatCheckpoint({ origin: log.origin, size: frontier.size, root: frontier.root() }), [signer])
  }

  /** Opens a log, and again whenever asked; gives everything back at the end. */
  const using =
    (
      run: (
        place: WriterUnderTest,
        open: () => Promise<{ log: OpenLog; lease: Lease }>,
        close: () => Promise<void>,
      ) => Promise<void>,
    ) =>
    async () => {
      const place = await create()
      let held: { log: OpenLog; lease: Lease } | undefined
      let writer: Writer = place.writer
      const close = async () => {
        await held?.log.close()
        held?.lease.release()
        held = undefined
        writer = await place.reopen()
      }
      try {
        const open = async () => {
          const lease = writer.lease('shop')
          held = { lease, log: await lease.open(request()) }
          return held
        }
        await run(place, open, close)
      } finally {
        await held?.log.close().catch(() => {})
        held?.lease.release()
        await place.cleanup?.()
      }
    }

  describe(`${name} keeps the writer's contract`, () => {
    it(
      'a new log is empty and its origin names service and slot',
      using(async (_, open) => {
        const { log, lease } = await open()
        expect(lease.slot).toBe('shop-0')
        expect(log.origin).toMatch(/^shop\/\d+\/shop-0$/)
        expect(log.head).toEqual({ size: 0, frontier: [], signedSize: 0 })
      }),
    )

    it(
      'two leases of one service get different slots, and a released one is free again',
      using(async (place) => {
        const [first, second] = [place.writer.lease('shop'), place.writer.lease('shop')]
        expect([first.slot, second.slot]).toEqual(['shop-0', 'shop-1'])
        first.release()
        first.release()
        const third = place.writer.lease('shop')
        expect(third.slot).toBe('shop-0')
        second.release()
        third.release()
      }),
    )

    it(
      'lines and checkpoint are there when the log is opened again, under the same origin',
      using(async (place, open, close) => {
        const [a, b] = [batchOf(0, 3), batchOf(3, 300)]
        const { log } = await open()
        await log.append(a)
        await log.putCheckpoint(noteOf(log, frontierOf(a)), { size: 3, sync: false })
        await log.append(b)
        await log.putCheckpoint(noteOf(log, frontierOf(a, b)), { size: 303, sync: true })
        await close()
        const again = await open()
        expect(again.log.origin).toBe(log.origin)
        expect(again.log.head).toEqual({ size: 303, frontier: frontierOf(a, b).hashes, signedSize: 303 })
        expect(await place.lines('shop-0')).toEqual(linesOf(a, b))
      }),
    )

    it(
      'lines that no checkpoint covers are kept and told of',
      using(async (place, open, close) => {
        const [a, b] = [batchOf(0, 3), batchOf(3, 2)]
        const { log } = await open()
        await log.append(a)
        await log.putCheckpoint(noteOf(log, frontierOf(a)), { size: 3, sync: true })
        await log.append(b)
        await close()
        const again = await open()
        expect(again.log.head).toEqual({
          size: 5,
          frontier: frontierOf(a, b).hashes,
          signedSize: 3,
          recovered: { from: 3, to: 5, quarantinedBytes: 0 },
        })
        expect(await place.lines('shop-0')).toEqual(linesOf(a, b))
      }),
    )

    it(
      'a gap is refused, and so are lines for a place that is taken',
      using(async (place, open) => {
        const { log } = await open()
        await log.append(batchOf(0, 3))
        await expect(log.append(batchOf(4, 1))).rejects.toThrow(/do not follow/)
        await expect(log.append(batchOf(2, 1, 'other'))).rejects.toThrow(/do not follow/)
        await log.append(batchOf(3, 1))
        expect(await place.lines('shop-0')).toEqual(linesOf(batchOf(0, 3), batchOf(3, 1)))
      }),
    )

    it(
      'the last lines and a checkpoint over them can be written without waiting',
      using(async (place, open, close) => {
        const [a, b] = [batchOf(0, 3), batchOf(3, 4)]
        const { log } = await open()
        const underWay = log.append(a)
        underWay.catch(() => {})
        const sizes: number[] = []
        const sign = (size: number) => {
          sizes.push(size)
          return noteOf(log, frontierOf(a, b))
        }
        expect(log.finishSync(b, sign, 2000)).toBe(true)
        expect(sizes).toEqual([7])
        expect(await place.lines('shop-0')).toEqual(linesOf(a, b))
        await close()
        const again = await open()
        expect(again.log.head).toEqual({ size: 7, frontier: frontierOf(a, b).hashes, signedSize: 7 })
      }),
    )

    it(
      'the last lines can be written without a checkpoint, where nobody can sign any more',
      using(async (place, open, close) => {
        const a = batchOf(0, 3)
        const { log } = await open()
        expect(log.finishSync(a, undefined, 2000)).toBe(true)
        expect(await place.lines('shop-0')).toEqual(linesOf(a))
        await close()
        const again = await open()
        expect(again.log.head).toMatchObject({ size: 3, signedSize: 0, recovered: { from: 0, to: 3 } })
      }),
    )

    it(
      'a log signed with another key is not continued but cited by the one that follows',
      using(async (place, open, close) => {
        const { log } = await open()
        const a = batchOf(0, 3)
        const note = noteOf(log, frontierOf(a))
        await log.append(a)
        await log.putCheckpoint(note, { size: 3, sync: true })
        await close()
        const lease = (await place.reopen()).lease('shop')
        const other = await lease.open(request(testKey('other')))
        expect(other.origin).not.toBe(log.origin)
        expect(other.head).toEqual({
          size: 0,
          frontier: [],
          signedSize: 0,
          previous: { origin: log.origin, checkpoint: note, kind: 'key', problem: 'signed with another key' },
        })
        await other.close()
        lease.release()
      }),
    )

    for (const how of ['refused', 'answer lost'] as const)
      it(
        `lines whose append failed (${how}) stand once when they are appended again, with more`,
        using(async (place, open, close) => {
          if (!place.failNext) return
          const { log } = await open()
          await log.append(batchOf(0, 3))
          place.failNext(how)
          await expect(log.append(batchOf(3, 2))).rejects.toThrow()
          await log.append(batchOf(3, 5))
          await close()
          const again = await open()
          expect(again.log.head.size).toBe(8)
          expect(await place.lines('shop-0')).toEqual(linesOf(batchOf(0, 3), batchOf(3, 5)))
        }),
      )
  })
}
