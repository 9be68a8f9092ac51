// Two real logs of one service, kept by the product over several lives, with everything that may vouch for them elsewhere: a
// folder, a witness, a timestamp authority, a copy of a checkpoint, receipts of records. Made once; attacks work on copies.
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  folderAnchor,
  generateWitnessKey,
  readWitnessKey,
  timestampAnchor,
  Witness,
  WitnessState,
  witnessAnchor,
  witnessServer,
} from '@trailproof/anchors'
import {
  type Anchor,
  type Audit,
  type AuditOptions,
  createAudit,
  fileWriter,
  makeNextKey,
  type Receipt,
  retireKey,
} from '@trailproof/core'
import { Authority, noOpenssl } from '../../packages/anchors/test/authority.js'
import { hashOf } from '../../packages/anchors/test/witness/support.js'

export interface World {
  dir: string
  /** vkeys of shop-0, first to last. */
  vkeys: string[]
  vkeysOfOther: string[]
  receipts: Receipt[]
  /** The file `checkpoint` of shop-0 as a colleague has kept it. */
  copy: string
  witness: { vkey: string; latest(): string; submit(body: string): Promise<number> }
  /** PEM of the authority's root; undefined where there is no openssl. */
  tsaCa: string | undefined
  close(): Promise<void>
}

export const SEGMENT = 256
/** Which of the receipts is of the record that attacks change. */
export const ATTACKED = 100
const EARLY = 300
const LATE = 20

export const open = (dir: string, options: Partial<AuditOptions> = {}): Audit =>
  createAudit({
    service: 'shop',
    writer: fileWriter(join(dir, 'audit'), { segmentRecords: SEGMENT }),
    keys: { dir: join(dir, 'keys') },
    heartbeatEveryMs: 0,
    upkeep: false,
    ...options,
  })

/** @param rotated - the log is handed over to a second key; the thief has kept the first in `stolen.key` */
export async function makeWorld(rotated: boolean): Promise<World> {
  const dir = mkdtempSync(join(tmpdir(), 'trailproof-tamper-'))
  for (const name of ['elsewhere', 'backup']) mkdirSync(join(dir, name))
  const vkeys = await Promise.all([open(dir), open(dir)].map(vkeyAtTheEnd))
  const witness = await startWitness(join(dir, 'witness'), vkeys)
  const authority = noOpenssl === undefined ? makeAuthority() : undefined
  const anchors = [folderAnchor(join(dir, 'elsewhere')), witness.anchor, ...(authority ? [authority.anchor] : [])]

  const receipts = await live(dir, anchors, EARLY)
  for (const name of ['audit', 'keys']) cpSync(join(dir, name), join(dir, 'backup', name), { recursive: true })
  if (rotated) makeNextKey(join(dir, 'keys'))
  receipts.push(...(await live(dir, anchors, LATE)))
  if (rotated) {
    cpSync(join(dir, 'keys', 'signing.key'), join(dir, 'stolen.key'))
    retireKey(join(dir, 'keys'))
    receipts.push(...(await live(dir, anchors, LATE)))
  }
  const log = join(dir, 'audit', 'shop-0')
  return {
    dir,
    vkeys: vkeysOf(log),
    vkeysOfOther: vkeysOf(join(dir, 'audit', 'shop-1')),
    receipts,
    copy: readFileSync(join(log, 'checkpoint'), 'utf8'),
    witness,
    tsaCa: authority?.ca,
    async close() {
      await witness.close()
      authority?.remove()
      rmSync(dir, { recursive: true, force: true })
    },
  }
}

const vkeysOf = (log: string) => readFileSync(join(log, 'log.vkey'), 'utf8').trim().split('\n')

async function vkeyAtTheEnd(audit: Audit): Promise<string> {
  const { vkey } = await audit.ready
  await audit.close()
  return vkey
}

/** Both processes run once. The first one records so much, and its receipts are kept. */
async function live(dir: string, anchors: readonly Anchor[], records: number): Promise<Receipt[]> {
  const [first, second] = [open(dir, { anchors }), open(dir, { anchors })]
  await Promise.all([first.ready, second.ready])
  const receipts = await Promise.all(
    Array.from({ length: records }, (_, i) => first.record({ event: 'login.failed', claimed: `ann${i}` })),
  )
  await Promise.all(
    Array.from({ length: EARLY }, (_, i) => second.record({ event: 'login.failed', claimed: `bob${i}` })),
  )
  await Promise.all([first.close(), second.close()])
  return receipts
}

async function startWitness(dir: string, logs: readonly string[]) {
  const { vkey } = generateWitnessKey(join(dir, 'key'), 'witness.example')
  const key = readWitnessKey(join(dir, 'key', 'witness.key'))
  const state = await WitnessState.open(join(dir, 'state'), key.vkey, true)
  const witness = new Witness({ signer: key.signer(() => Math.floor(Date.now() / 1000)), logs, state })
  const server = witnessServer(witness)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    vkey,
    anchor: witnessAnchor({ name: 'witness', vkey, url }),
    latest: () => witness.latest(hashOf(logs[0]!.split('+')[0]!)).body,
    submit: async (body: string) => (await witness.addCheckpoint(body)).status,
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
      state.close()
    },
  }
}

function makeAuthority() {
  const authority = new Authority()
  authority.certify({ name: 'root', ca: true })
  authority.certify({ name: 'middle', ca: true }, 'root')
  authority.certify({ name: 'tsa', usage: 'critical,timeStamping' }, 'middle')
  const ca = authority.pem('root')
  return {
    ca,
    anchor: timestampAnchor({ url: async (request) => authority.reply(request), ca }),
    remove: () => authority.remove(),
  }
}
