// Whoever writes the log folder and has no key goes at the signatures: checkpoints, keys, and records that only the log writes.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { makeLine } from '../../../packages/core/test/verify/fixture.js'
import { type Attack, fact, note, problem } from '../attack.js'
import { CITED, WENT_ON } from '../evidence.js'
import { live } from '../lives.js'
import { CHECKPOINTS, type Scene } from '../scene.js'

const who = 'writes the log folder, without the key'
const newest = ({ size }: Scene) => ({ index: size })
const first = () => ({ index: 0 })

/** Behind the last checkpoint, where no signature is yet. */
function append(s: Scene, ...lines: string[]): void {
  const segment = `seg/${String(256).padStart(20, '0')}.jsonl`
  s.edit(segment, (text) => text + lines.map((line) => `${line}\n`).join(''))
}

export const signatures: Attack[] = [
  {
    who,
    does: 'edits the newest checkpoint to say another size',
    act: (s) => s.edit('checkpoint', (text) => text.replace(/^\d+$/m, (size) => `${Number(size) + 1}`)),
    locally: problem('bad_signature', 'the size that it says', ({ size }) => ({ index: size + 1 })),
  },
  {
    who,
    does: 'edits an older checkpoint in checkpoints.log',
    act: (s) => s.edit('checkpoints.log', (text) => text.replace(`\n${s.around.to}\n`, `\n${s.around.to - 1}\n`)),
    locally: problem('bad_signature', 'the size that it says', ({ around }) => ({ index: around.to - 1 })),
  },
  {
    who,
    does: 'adds a checkpoint that looks signed: a true signature under another tree',
    act(s) {
      const forged = s.noteOf(s.stranger(), s.lines.with(s.target, makeLine(s.target)))
      const signature = s.read('checkpoint').split('\n').at(-2)!
      s.edit(
        'checkpoints.log',
        (text) => text + Buffer.from(forged.replace(/^\u2014.*$/m, signature)).toString('latin1'),
      )
    },
    locally: problem('bad_signature', 'its size', newest),
  },
  {
    who,
    does: 'replaces log.vkey by a key of their own',
    act: (s) => writeFileSync(join(s.log, 'log.vkey'), `${s.stranger().vkey}\n`),
    locally: problem('wrong_key', 'the log', first),
  },
  {
    who,
    does: 'replaces the whole log by one that they have signed with a key of their own',
    act(s) {
      const stranger = s.stranger()
      s.signAnew(stranger, s.lines.with(s.target, makeLine(s.target)))
      writeFileSync(join(s.log, 'log.vkey'), `${stranger.vkey}\n`)
    },
    locally: problem('wrong_key', 'the log', first),
    remark: 'Without `--key` it passes, and verify says `trust: self`.',
  },
  {
    who,
    does: 'forges `audit.key_rotated` to a key of their own, and signs with that',
    act(s) {
      const stranger = s.stranger()
      const rotation = makeLine(s.size, {
        event: 'audit.key_rotated',
        source: 'audit',
        data: { next: stranger.vkey },
      })
      append(s, rotation, makeLine(s.size + 1))
      const lines = [...s.lines, rotation, makeLine(s.size + 1)]
      const forged = s.noteOf(stranger, lines)
      s.edit('checkpoints.log', (text) => text + Buffer.from(forged).toString('latin1'))
      writeFileSync(join(s.log, 'checkpoint'), forged)
      s.edit('log.vkey', (text) => `${text}${stranger.vkey}\n`)
    },
    locally: problem('key_out_of_range', 'the first size that it signs', ({ size }) => ({ index: size + 2 })),
  },
  {
    who,
    does: 'writes a false record behind the last checkpoint',
    act: (s) => append(s, makeLine(s.size)),
    locally: note('unsigned', 'the records above the checkpoint', ({ size }) => ({ from: size, to: size + 1 })),
    with: { 'the next start': fact(WENT_ON) },
    remark:
      'The next start keeps whole lines and signs them, as after a crash; `audit.recovered` names the range, and verify notes it for ever (next row).',
  },
  {
    who,
    does: 'writes a false record behind the last checkpoint and waits for the next start',
    async act(s) {
      append(s, makeLine(s.size))
      await live(s)
    },
    locally: note('recovered', 'the range that only a recovery signed', ({ size }) => ({ from: size, to: size + 1 })),
  },
  {
    who,
    does: 'forges `audit.recovered` over signed records, and waits for the next start',
    async act(s) {
      append(s, makeLine(s.size, { event: 'audit.recovered', source: 'audit', data: { from: 0, to: s.size } }))
      await live(s)
    },
    locally: note('recovered', 'the range that only a recovery signed', ({ size }) => ({ from: size, to: size + 1 })),
    remark: 'What a checkpoint before it covers was signed before, whatever it says.',
  },
  {
    who,
    does: 'edits a record and deletes all checkpoints and tiles, so that the next start signs anew',
    act(s) {
      s.lay((lines) => lines.with(s.target, makeLine(s.target)))
      s.remove(...CHECKPOINTS, 'tile')
    },
    locally: problem('unreadable', 'the whole log', ({ size }) => ({ from: 0, to: size })),
    with: { 'the next start': fact(CITED) },
  },
  {
    who,
    does: 'cuts off signed records while nothing happens, and lets the service go on (CVE-2023-31438)',
    async act(s) {
      const segment = `seg/${String(256).padStart(20, '0')}.jsonl`
      s.edit(segment, (text) => text.slice(0, text.slice(0, -1).lastIndexOf('\n') + 1))
      await live(s)
    },
    locally: problem('truncated', 'the records that were cut off', ({ size }) => ({ from: size - 1, to: size })),
    remark:
      'The service does not go on in this log: it is kept as evidence, and `shop-0.e2` begins with `audit.integrity_failed`. Idle time holds heartbeats, and these are signed.',
  },
]
