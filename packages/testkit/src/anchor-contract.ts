// What every anchor that can say what it knows must keep to, whoever wrote it and wherever it keeps checkpoints.
import { generateKeyPairSync, hash, sign } from 'node:crypto'
import type { Anchor, AnchorCheckpoint } from '@trailproof/core'
import { ed25519Signer, formatCheckpoint, signNote } from '@trailproof/tlog'
import type { TestRunner } from './writer-contract.js'

/** An empty place for checkpoints. */
export interface AnchorUnderTest {
  /** An anchor over this place; called several times, as by processes that follow one another. */
  anchor(): Anchor
  /** Makes the place unreachable. */
  breakDown(): Promise<void>
  remove(): Promise<void>
}

export interface AnchorContractOptions {
  name: string
  create(): Promise<AnchorUnderTest>
}

export function anchorContract({ name, create }: AnchorContractOptions, { describe, it, expect }: TestRunner): void {
  const withPlace = (body: (place: AnchorUnderTest, anchor: Anchor) => Promise<void>) => async () => {
    const place = await create()
    try {
      await body(place, place.anchor())
    } finally {
      await place.remove()
    }
  }
  const equal = (found: unknown, expected: unknown) => expect(found).toEqual(expected)

  describe(`anchor contract: ${name}`, () => {
    it(
      'an empty anchor knows no checkpoint',
      withPlace(async (_place, anchor) => {
        equal(await anchor.latest?.(ORIGIN, quiet()), undefined)
      }),
    )

    it(
      'the newest checkpoint comes back verbatim, also in the next process',
      withPlace(async (place, anchor) => {
        for (const size of [9, 10, 100]) await publish(anchor, checkpointOf(size))
        equal(await anchor.latest?.(ORIGIN, quiet()), checkpointOf(100).note)
        equal(await place.anchor().latest?.(ORIGIN, quiet()), checkpointOf(100).note)
      }),
    )

    it(
      'the same checkpoint twice is no error, also in the next process: its answer may have been lost',
      withPlace(async (place, anchor) => {
        for (const one of [anchor, anchor, place.anchor()]) equal(await publish(one, checkpointOf(9)), 'taken')
      }),
    )

    it(
      'another tree of a size that it knows, or a smaller one, is a contradiction, and changes nothing',
      withPlace(async (place, anchor) => {
        await publish(anchor, checkpointOf(9))
        await publish(anchor, checkpointOf(20))
        for (const one of [anchor, place.anchor()])
          equal(await publish(one, checkpointOf(20, ORIGIN, 99)), 'TRAILPROOF_ANCHOR_CONFLICT')
        equal(await publish(place.anchor(), checkpointOf(9, ORIGIN, 99)), 'TRAILPROOF_ANCHOR_CONFLICT')
        equal(await publish(place.anchor(), checkpointOf(15)), 'TRAILPROOF_ANCHOR_CONFLICT')
        equal(await place.anchor().latest?.(ORIGIN, quiet()), checkpointOf(20).note)
      }),
    )

    it(
      'logs do not see one another, whatever they are called',
      withPlace(async (_place, anchor) => {
        const names = [
          ORIGIN,
          'shop/7f3a/shop-1',
          'Shop/7f3a/shop-0',
          '..',
          'é/x',
          'a'.repeat(400),
          `${'a'.repeat(399)}b`,
        ]
        for (const [i, name] of names.entries()) await publish(anchor, checkpointOf(i + 1, name))
        for (const [i, name] of names.entries())
          equal(await anchor.latest?.(name, quiet()), checkpointOf(i + 1, name).note)
      }),
    )

    it(
      'a place that is down is a failure, never an empty anchor',
      withPlace(async (place, anchor) => {
        await publish(anchor, checkpointOf(9))
        await place.breakDown()
        equal(await publish(anchor, checkpointOf(10)), 'TRAILPROOF_ANCHOR_FAILED')
        equal(await code(anchor.latest?.(ORIGIN, quiet()) ?? Promise.resolve()), 'TRAILPROOF_ANCHOR_FAILED')
      }),
    )
  })
}

const ORIGIN = 'shop/7f3a/shop-0'
const { privateKey, publicKey } = generateKeyPairSync('ed25519')
const RAW = publicKey.export({ format: 'der', type: 'spki' }).subarray(-32)

function checkpointOf(size: number, origin = ORIGIN, fill = size % 256): AnchorCheckpoint {
  const root = Buffer.alloc(32, fill)
  const sha256 = (bytes: Uint8Array) => hash('sha256', bytes, 'buffer')
  const signer = ed25519Signer(sha256, origin, RAW, (message) => sign(null, message, privateKey))
  return { origin, size, root, note: signNote(formatCheckpoint({ origin, size, root }), [signer]) }
}

const quiet = () => new AbortController().signal

/** `taken`, or the code of the error. */
const publish = (anchor: Anchor, checkpoint: AnchorCheckpoint) =>
  code(anchor.publish(checkpoint, async () => [], quiet()))

const code = (call: Promise<unknown>): Promise<unknown> =>
  call.then(
    () => 'taken',
    (error) => error?.code,
  )
