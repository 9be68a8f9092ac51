// Whoever holds folder and key can sign any tree. What was seen elsewhere before contradicts it.
import { cpSync } from 'node:fs'
import { join } from 'node:path'
import { makeLine } from '../../../packages/core/test/verify/fixture.js'
import { type Answer, type Attack, fact, nothing, problem } from '../attack.js'
import { RECEIPT_FAILS } from '../evidence.js'
import { submit } from '../lives.js'
import { linesOf, type Scene } from '../scene.js'

const who = 'writes the log folder, with the key'
const forked = (where: string, place: (scene: Scene) => number) =>
  problem('forked', where, (scene) => ({ index: place(scene) }))
const firstAnchored = forked('the first anchored size that covers the record', ({ olderSize }) => olderSize)
const rewritten = (s: Scene) => s.lines.with(s.target, makeLine(s.target, { event: 'login.succeeded' }))
const anchored = (first: Answer, newest: Answer) => ({
  'a folder elsewhere': first,
  'a witness': newest,
  'a copy of a checkpoint': newest,
})
const REFUSED = 'it refuses (422), and keeps both signed checkpoints as evidence'
const newest = forked('the newest cosigned or copied size', ({ size }) => size)

const lost = problem('rolled_back', 'from where the log ends now up to the newest size', (s) => ({
  from: linesOf(s.log).length,
  to: s.size,
}))

export const keys: Attack[] = [
  {
    who,
    does: 'rewrites a record and signs everything anew with the stolen key',
    act: (s) => s.signAnew(s.thief(), rewritten(s), [...s.sizes]),
    locally: nothing,
    with: { ...anchored(firstAnchored, newest), timestamps: firstAnchored, 'a receipt': fact(RECEIPT_FAILS) },
  },
  {
    who,
    does: 'rewrites a record, signs everything anew with the stolen key and deletes the receipts in the folder',
    act(s) {
      s.signAnew(s.thief(), rewritten(s), [...s.sizes])
      s.remove('anchors')
    },
    locally: nothing,
    with: {
      ...anchored(firstAnchored, newest),
      timestamps: problem('unanchored', 'the whole log', ({ size }) => ({ from: 0, to: size })),
    },
    remark: 'A rewritten log cannot get a stamp from the time before: it lacks one (`--require-anchor`, `--max-age`).',
  },
  {
    who,
    does: 'back-dates the records of yesterday and signs everything anew with the stolen key',
    act: (s) =>
      s.signAnew(
        s.thief(),
        s.lines.map((line, i) => (i < s.target ? line : line.replace(/"time":"\d{4}/, '"time":"2020'))),
        [...s.sizes],
      ),
    locally: nothing,
    with: anchored(firstAnchored, newest),
  },
  {
    who,
    does: 'shows one tree to one auditor and another tree, as large, to the other (split view)',
    async act(s) {
      cpSync(s.log, join(s.dir, 'shown-to-the-other'), { recursive: true })
      s.signAnew(s.thief(), rewritten(s), [...s.sizes])
      s.facts.said = (await submit(s, s.size)) === 422 ? REFUSED : 'the witness has cosigned'
    },
    locally: nothing,
    with: {
      'a copy of a checkpoint': newest,
      'a witness': newest,
      'the witness, asked to cosign': fact(REFUSED),
    },
    remark: 'Each tree is consistent in itself; the two signed checkpoints side by side prove the lie.',
  },
  {
    who,
    rotated: true,
    does: 'with the stolen key of before a rotation, rewrites the log as if it had never been handed over',
    act: (s) => s.signAnew(s.thief(join(s.dir, 'stolen.key')), rewritten(s).slice(0, s.rotatedAt - 1)),
    locally: problem('wrong_key', 'the log', () => ({ index: 0 })),
    with: {
      'the first key alone': nothing,
      'a folder elsewhere': firstAnchored,
      'a witness': firstAnchored,
      'a copy of a checkpoint': problem('key_out_of_range', 'its size', ({ size }) => ({ index: size })),
    },
    remark: 'Give verify every key of the log, the newest too.',
  },
  {
    who,
    rotated: true,
    does: 'with the stolen key of before a rotation, rewrites the log up to the rotation and cuts off the rest',
    act: (s) => s.signAnew(s.thief(join(s.dir, 'stolen.key')), rewritten(s).slice(0, s.rotatedAt)),
    locally: nothing,
    with: {
      'a folder elsewhere': firstAnchored,
      'a witness': firstAnchored,
      'a copy of a checkpoint': lost,
      'a receipt': fact(RECEIPT_FAILS),
    },
  },
  {
    who,
    rotated: true,
    does: 'with the stolen key of before a rotation, adds to the log behind the rotation',
    act(s) {
      const line = makeLine(s.size)
      s.edit('seg/00000000000000000256.jsonl', (text) => `${text}${line}\n`)
      const note = s.noteOf(s.thief(join(s.dir, 'stolen.key')), [...s.lines, line])
      s.edit('checkpoints.log', (text) => text + Buffer.from(note).toString('latin1'))
    },
    locally: problem('key_out_of_range', 'the size that it signs', ({ size }) => ({ index: size + 1 })),
  },
  {
    who,
    rotated: true,
    does: 'with the newest key, rewrites a record from before the rotation and signs those sizes anew (CVE-2023-31439)',
    act: (s) => s.signAnew(s.thief(), rewritten(s), [...s.sizes]),
    locally: problem('key_out_of_range', 'the first size that it signs', ({ sizes }) => ({ index: sizes[0]! })),
  },
]
