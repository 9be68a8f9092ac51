// States that are genuine in themselves: the end is cut off, everything is put back, a log or all of them are gone.
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Answer, type Attack, fact, nothing, problem } from '../attack.js'
import { CITED, NO_LOG, RECEIPT_FAILS, WENT_ON } from '../evidence.js'
import { cutLines, leaveUnsigned, live } from '../lives.js'
import { type Scene, sizesOf } from '../scene.js'

const who = 'writes the log folder, without the key'
const lost = (from: (scene: Scene) => number) =>
  problem('rolled_back', 'from where the log ends now up to the anchored size', (s) => ({ from: from(s), to: s.size }))
const whole = problem('rolled_back', 'all of its records', ({ size }) => ({ from: 0, to: size }))
const sinceBackup = lost(({ olderSize }) => olderSize)
const anchored = (answer: Answer) => ({
  'a folder elsewhere': answer,
  'a witness': answer,
  'a copy of a checkpoint': answer,
})

export const wholes: Attack[] = [
  {
    who,
    does: 'cuts off the records after the last checkpoint',
    async act(s) {
      const receipt = await leaveUnsigned(s)
      s.facts.receipts = [receipt]
      cutLines(s, receipt.index)
    },
    locally: nothing,
    with: { 'a folder elsewhere': nothing, 'a receipt': fact(RECEIPT_FAILS), 'the next start': fact(WENT_ON) },
    remark:
      'It looks like a crash. At most the last second, with a key elsewhere the last `signEveryMs`; `wait: "checkpointed"` keeps a record out of this gap.',
  },
  {
    who,
    does: 'cuts off the end with its checkpoints and tiles, back to an earlier signed size',
    act(s) {
      const { from } = s.around
      cutLines(s, from)
      s.tilesFor(s.lines.slice(0, from))
      const history = s.read('checkpoints.log')
      const notes = history.slice(0, history.indexOf(`${s.origin}\n${s.around.to}\n`))
      writeFileSync(join(s.log, 'checkpoints.log'), notes)
      writeFileSync(join(s.log, 'checkpoint'), notes.slice(notes.lastIndexOf(`${s.origin}\n`)))
    },
    locally: nothing,
    with: {
      ...anchored(lost(({ around }) => around.from)),
      'a receipt': fact(RECEIPT_FAILS),
      'the next start': fact(CITED),
    },
  },
  {
    who,
    does: 'puts the log folder back to a backup',
    act: (s) => s.putBack(false),
    locally: nothing,
    with: {
      ...anchored(sinceBackup),
      timestamps: nothing,
      'a receipt': fact(RECEIPT_FAILS),
      'the next start': fact(CITED),
    },
    remark:
      'At the next start the high-water mark beside the keys finds it. The timestamps went back with the folder: only their age tells.',
  },
  {
    who: 'owns the application server',
    does: 'puts the whole machine back to a snapshot, keys and marks with it',
    act: (s) => s.putBack(true),
    locally: nothing,
    with: {
      ...anchored(sinceBackup),
      'a receipt': fact(RECEIPT_FAILS),
      'the next start': fact(WENT_ON),
    },
  },
  {
    who: 'owns the application server',
    does: 'puts the whole machine back to a snapshot, while the service has an anchor',
    act: (s) => s.putBack(true),
    locally: nothing,
    with: { 'the next start, anchored': fact(CITED) },
  },
  {
    who,
    does: 'deletes the log of one process',
    act: ({ log }) => rmSync(log, { recursive: true }),
    locally: problem('missing', 'the log that the given vkey names', () => ({ index: 0 })),
    with: { 'the bare key': nothing, 'a folder elsewhere': whole, 'a copy of a checkpoint': whole },
  },
  {
    who,
    does: 'deletes everything',
    act: ({ dir }) => rmSync(join(dir, 'audit'), { recursive: true }),
    locally: fact(NO_LOG),
  },
  {
    who,
    does: 'deletes everything, and the service starts anew',
    async act(s) {
      rmSync(join(s.dir, 'audit'), { recursive: true })
      await live(s)
    },
    locally: problem('wrong_origin', 'the first checkpoint of the new log', ({ log }) => ({ index: sizesOf(log)[0]! })),
    with: { 'the bare key': nothing, 'a folder elsewhere': whole },
  },
]
