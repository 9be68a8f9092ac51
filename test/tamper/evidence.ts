// What may be at hand beside the folder and its key, and what it says of a log. Each asks as a user would.
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { folderAnchor, folderSource, timestampSource } from '@trailproof/anchors'
import { isTrailproofError, proveRecord, type RootReport, type VerifyOptions, verifyRoot } from '@trailproof/core'
import { linesOf, type Scene } from './scene.js'
import { ATTACKED, open } from './world.js'

/** Each with what one types, or does, for it. */
export const EVIDENCE = {
  'the bare key': '`--key` with the public key alone, which names no log',
  'the first key alone': '`--key` with the key that the log began with, and no other',
  'a folder elsewhere': '`--anchor-folder`',
  'a folder elsewhere, at most an hour old': '`--anchor-folder --max-age 3600`',
  'the times of a folder elsewhere': 'when its files were made, beside the times that the records say',
  'a witness': '`--policy`, and `--against` with the newest checkpoint that the witness gives out',
  'the witness, asked to cosign': 'what the log would ask of it next',
  timestamps: '`--tsa-ca --require-anchor` (RFC 3161; the receipts lie in the folder)',
  'a copy of a checkpoint': '`--against`',
  'a receipt': '`audit.record()` gave index and leaf hash; `trailproof prove` shows what stands there now',
  'the next start': 'the application starts again on the folder, with its key folder as it is',
  'the next start, anchored': 'the same, with the folder elsewhere among its `anchors`',
  'the records': 'reading the log itself',
} as const
export type Evidence = keyof typeof EVIDENCE

/** A report, or a fact in the words of the matrix. */
export type Said = RootReport | string

const ask = (scene: Scene, options: VerifyOptions = {}) =>
  verifyRoot(join(scene.dir, 'audit'), {
    keys: [...scene.world.vkeys, ...scene.world.vkeysOfOther],
    ...(scene.facts.now && { now: () => scene.facts.now! }),
    ...options,
  })

/** What verify says with the folder and the key alone. */
export const locally = (scene: Scene): Promise<Said> =>
  ask(scene).catch((error: unknown) => {
    if (isTrailproofError(error, 'TRAILPROOF_LOG_NOT_FOUND')) return NO_LOG
    throw error
  })

export const NO_LOG = 'there is no log to verify: exit 2'
export const RECEIPT_FAILS = 'its receipt does not hold any more'
export const CITED = 'the log is frozen and a new one begun, whose first record cites it'
export const BRACKET = 'a record says a time before that of an anchored checkpoint which it stands above'
export const WENT_ON = 'nothing is noticed'

const bareKey = (vkey: string) =>
  Buffer.from(vkey.split('+').slice(2).join('+'), 'base64').subarray(1).toString('base64')

export const asks: Record<Evidence, (scene: Scene) => Promise<Said>> = {
  'the bare key': (scene) => ask(scene, { keys: scene.world.vkeys.map(bareKey) }),
  'the first key alone': (scene) => ask(scene, { keys: [scene.world.vkeys[0]!, scene.world.vkeysOfOther[0]!] }),
  'a folder elsewhere': (scene) => ask(scene, { anchors: [elsewhere(scene)] }),
  'a folder elsewhere, at most an hour old': (scene) =>
    ask(scene, { anchors: [elsewhere(scene)], maxAgeSeconds: 3600 }),
  'a witness': (scene) => {
    const { witness } = scene.world
    return ask(scene, { policy: `witness W ${witness.vkey}\nquorum W\n`, against: witness.latest() })
  },
  'the times of a folder elsewhere': async (scene) => ((await isBackDated(scene)) ? BRACKET : WENT_ON),
  'the witness, asked to cosign': async (scene) => scene.facts.said ?? WENT_ON,
  timestamps: (scene) => ask(scene, { anchors: [timestampSource({ ca: scene.world.tsaCa! })], requireAnchor: true }),
  'a copy of a checkpoint': (scene) => ask(scene, { against: scene.world.copy }),
  'a receipt': async (scene) => ((await everyReceiptHolds(scene)) ? WENT_ON : RECEIPT_FAILS),
  'the next start': (scene) => startAgain(scene, []),
  'the next start, anchored': (scene) => startAgain(scene, [join(scene.dir, 'elsewhere')]),
  'the records': async (scene) => scene.facts.said ?? WENT_ON,
}

const elsewhere = ({ dir }: Scene) => folderSource(join(dir, 'elsewhere'))

async function everyReceiptHolds({ log, facts, world: { receipts, vkeys } }: Scene): Promise<boolean> {
  // The first, one in the middle of the attacked part, and the last.
  for (const { index, leafHash } of [receipts[0]!, receipts[ATTACKED]!, receipts.at(-1)!, ...(facts.receipts ?? [])]) {
    const proof = await proveRecord(log, index, { keys: vkeys }).catch((error: unknown) => {
      if (isTrailproofError(error)) return undefined // not covered, or not what was signed
      throw error
    })
    const leaf = proof && createHash('sha256').update('\0').update(proof.line).digest('hex')
    if (leaf !== leafHash) return false
  }
  return true
}

async function isBackDated(scene: Scene): Promise<boolean> {
  const { checkpoints } = await elsewhere(scene).read(scene.origin, {
    names: async () => [],
    read: async () => undefined,
  })
  const times = linesOf(scene.log).map((line) => Date.parse(JSON.parse(line).time))
  const sizeOf = (text: string) => Number(text.split('\n')[1])
  return checkpoints.some(({ note, time }) =>
    times.slice(sizeOf(note)).some((said) => said < time!.getTime() - SKEW_MS),
  )
}

/** Two machines' clocks differ. */
const SKEW_MS = 60_000

async function startAgain({ dir }: Scene, anchored: readonly string[]): Promise<string> {
  const audit = open(dir, { anchors: anchored.map((folder) => folderAnchor(folder)) })
  await audit.ready
  await audit.close()
  const next = join(dir, 'audit', 'shop-0.e2')
  if (!existsSync(next)) return WENT_ON
  return JSON.parse(linesOf(next)[0]!).event === 'audit.integrity_failed' ? CITED : WENT_ON
}
