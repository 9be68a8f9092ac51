// Whoever writes the log folder and has no key changes what is signed: records, tiles, checkpoints, segments.
import { readdirSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { makeLine, segmentPath } from '../../../packages/core/test/verify/fixture.js'
import { type Attack, note, problem } from '../attack.js'
import type { Scene } from '../scene.js'
import { SEGMENT } from '../world.js'

const who = 'writes the log folder, without the key'
const atTarget = ({ target }: Scene) => ({ index: target })
const succeeded = (line: string) => line.replace('"outcome":"failure"', '"outcome":"success"')

export const lines: Attack[] = [
  {
    who,
    does: 'edits a record below the last checkpoint',
    act: (s) => s.lay((lines) => lines.with(s.target, succeeded(lines[s.target]!))),
    locally: problem('altered', 'at the record', atTarget),
    with: { 'a receipt': { says: 'fact', fact: 'its receipt does not hold any more' } },
  },
  {
    who,
    does: 'inserts a record below the last checkpoint',
    act: (s) => s.lay((lines) => lines.toSpliced(s.target, 0, makeLine(s.target))),
    locally: problem('inserted', 'at the record', atTarget),
  },
  {
    who,
    does: 'inserts a record and numbers all that follow anew, so that it looks signed',
    act: (s) =>
      s.lay((lines) =>
        lines.toSpliced(s.target, 0, lines[s.target]!).map((line, seq) => line.replace(/"seq":\d+/, `"seq":${seq}`)),
      ),
    locally: problem('altered', 'from the record to the end of its segment', ({ target }) => ({
      from: target + 1,
      to: SEGMENT,
    })),
  },
  {
    who,
    does: 'deletes a record below the last checkpoint',
    act: (s) => s.lay((lines) => lines.toSpliced(s.target, 1)),
    locally: problem('missing', 'at the record', atTarget),
  },
  {
    who,
    does: 'swaps two records below the last checkpoint',
    act: (s) => s.lay((l) => l.with(s.target, l[s.target + 1]!).with(s.target + 1, l[s.target]!)),
    locally: problem('reordered', 'both records', ({ target }) => ({ from: target, to: target + 2 })),
  },
  {
    who,
    does: 'duplicates a record below the last checkpoint',
    act: (s) => s.lay((lines) => lines.toSpliced(s.target, 0, lines[s.target]!)),
    locally: problem('inserted', 'at the second of the two', ({ target }) => ({ index: target + 1 })),
  },
  {
    who,
    does: 'edits a record and makes the hash tiles fit it',
    act(s) {
      s.lay((lines) => lines.with(s.target, succeeded(lines[s.target]!)))
      s.tilesFor(s.lines.with(s.target, succeeded(s.lines[s.target]!)))
    },
    locally: problem('altered', 'the interval between the two signed sizes around the record', ({ around }) => around),
  },
  {
    who,
    does: 'edits a hash tile',
    act: (s) => s.edit('tile/0/000', (tile) => `${tile.slice(0, 32 * s.target)}?${tile.slice(32 * s.target + 1)}`),
    locally: problem('tile_altered', 'at the record that the hash stands for', atTarget),
    remark: 'Tiles are derived: they can be made again from the lines.',
  },
  {
    who,
    does: 'deletes all hash tiles',
    act: (s) => s.remove('tile'),
    locally: note('tiles_missing', 'the log'),
    remark: 'Nothing is lost by it; damage can then only be placed between two signed sizes.',
  },
  {
    who,
    does: 'swaps the first segments of two processes of one service',
    act({ log, other }) {
      const [a, b] = [join(log, segmentPath(0)), join(other, segmentPath(0))]
      renameSync(a, `${a}.x`)
      renameSync(b, a)
      renameSync(`${a}.x`, b)
    },
    locally: problem('altered', 'from the first record on', () => ({ from: 0, to: SEGMENT })),
  },
  {
    who,
    does: 'deletes the first segment, as retention would',
    act: (s) => s.remove(segmentPath(0)),
    locally: problem('missing', 'the whole segment', () => ({ from: 0, to: SEGMENT })),
  },
  {
    who,
    does: 'deletes the first segment and forges the record `audit.retention_purged` for it',
    act(s) {
      s.remove(segmentPath(0))
      const data = { to: SEGMENT, root: 'A'.repeat(43).concat('='), newest: '2020-01-01T00:00:00Z', older_than_days: 1 }
      const purge = makeLine(s.size, { event: 'audit.retention_purged', source: 'audit', data })
      const last = readdirSync(join(s.log, 'seg')).sort().at(-1)!
      s.edit(`seg/${last}`, (text) => `${text}${purge}\n`)
    },
    locally: problem('missing', 'the whole segment', () => ({ from: 0, to: SEGMENT })),
  },
  {
    who,
    does: 'cuts off signed records and leaves the checkpoint',
    act(s) {
      const last = readdirSync(join(s.log, 'seg')).sort().at(-1)!
      s.edit(`seg/${last}`, (text) => text.slice(0, text.slice(0, -1).lastIndexOf('\n') + 1))
    },
    locally: problem('truncated', 'the records that were cut off', ({ size }) => ({ from: size - 1, to: size })),
  },
  {
    who,
    does: 'adds a line behind the end of a closed segment',
    act: (s) => s.lay((lines) => [...lines, makeLine(SEGMENT)]),
    locally: problem('inserted', 'at the index that the line takes', () => ({ index: SEGMENT })),
  },
]
