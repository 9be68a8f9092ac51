// Which key may sign which sizes. Logs are built by hand; thieves have one real key each.
import { afterAll, describe, expect, it } from 'vitest'
import { folderReader, type LogReport, verifyLog } from '../../src/verify/index.js'
import {
  leafOf,
  makeLine,
  makeNote,
  makeSigner,
  removeTempDirs,
  renamed,
  type Signer,
  segmentPath,
  tileFiles,
  writeLog,
} from './fixture.js'

afterAll(removeTempDirs)
const signers = [makeSigner(), makeSigner(), makeSigner(), makeSigner()]
const [k0, k1] = signers as [Signer, Signer, Signer, Signer]
const stranger = makeSigner()

const rotates = (seq: number, next: Signer, more = {}) =>
  makeLine(seq, { event: 'audit.key_rotated', source: 'audit', data: { next: next.vkey }, ...more })

/** Lines 0 to n - 1, with a rotation to each next signer at these indexes. */
const linesOf = (n: number, rotations: readonly number[], to: readonly Signer[] = signers.slice(1)) =>
  Array.from({ length: n }, (_, seq) => {
    const turn = rotations.indexOf(seq)
    return turn < 0 ? makeLine(seq) : rotates(seq, to[turn]!)
  })

/** A folder with these lines and notes; `vkeys` as log.vkey names them. */
function folder(lines: string[], notes: readonly [Signer, number][], vkeys: readonly Signer[] = [k0, k1]): string {
  const leaves = lines.map(leafOf)
  const texts = notes.map(([signer, size]) => makeNote(signer, leaves.slice(0, size)))
  return writeLog(
    new Map<string, string | Buffer>([
      ['log.vkey', vkeys.map(({ vkey }) => `${vkey}\n`).join('')],
      [segmentPath(0), lines.map((line) => `${line}\n`).join('')],
      ['checkpoints.log', texts.join('')],
      ['checkpoint', texts.at(-1)!],
      ...tileFiles(leaves.slice(0, notes.at(-1)![1])),
    ]),
  )
}

const check = (dir: string, ...keys: string[]): Promise<LogReport> => verifyLog(folderReader(dir), { keys })
const id = (signer: Signer) => signer.vkey.split('+')[1]!
const kinds = ({ problems }: LogReport) => problems.map(({ kind }) => kind)

describe('a log that was handed over', () => {
  const lines = linesOf(12, [5])
  const dir = folder(lines, [
    [k0, 3],
    [k0, 6],
    [k1, 7],
    [k1, 12],
  ])

  it('is good for who knows its first key: the rotation is followed', async () => {
    expect(await check(dir, k0.vkey)).toMatchObject({
      problems: [],
      notes: [],
      checkpoints: 4,
      signed: 12,
      keys: [
        { id: id(k0), from: 0, to: 6 },
        { id: id(k1), from: 7 },
      ],
    })
  })

  it('also for who knows both, and for who takes the folder at its word', async () => {
    for (const keys of [[k0.vkey, k1.vkey], [k1.vkey, k0.vkey], [k0.bare, k1.bare], []])
      expect(await check(dir, ...keys)).toMatchObject({ problems: [], checkpoints: 4, signed: 12 })
  })

  it('who knows the newest key only is told what it can and cannot vouch for', async () => {
    const report = await check(dir, k1.vkey)
    expect([report.problems, report.signed]).toEqual([[], 12])
    expect(report.notes).toEqual([
      { kind: 'key_not_given', detail: expect.stringContaining(`began with key ${id(k0)}, which was not given`) },
    ])
  })

  it('is good although the folder does not name the next key: the record does', async () => {
    const forgetful = folder(
      lines,
      [
        [k0, 3],
        [k0, 6],
        [k1, 7],
        [k1, 12],
      ],
      [k0],
    )
    expect(await check(forgetful, k0.vkey)).toMatchObject({ problems: [], notes: [], checkpoints: 4, signed: 12 })
  })

  it('may be handed over three times', async () => {
    const notes = [
      [k0, 3],
      [k0, 4],
      [k1, 5],
      [k1, 9],
      [signers[2]!, 12],
      [signers[3]!, 13],
      [signers[3]!, 20],
    ] as const
    const long = folder(
      linesOf(20, [3, 8, 11]),
      notes.map(([key, size]) => [key, size]),
      signers,
    )
    const report = await check(long, k0.vkey)
    expect([report.problems, report.notes, report.checkpoints]).toEqual([[], [], 7])
    expect(report.keys).toEqual([
      { id: id(k0), from: 0, to: 4 },
      { id: id(k1), from: 5, to: 9 },
      { id: id(signers[2]!), from: 10, to: 12 },
      { id: id(signers[3]!), from: 13 },
    ])
    expect((await check(long, signers[2]!.vkey)).notes).toMatchObject([
      { kind: 'key_not_given', detail: expect.stringContaining(`${id(k0)}, ${id(k1)}, which`) },
    ])
  })

  it('a change below the border is found whoever signed above it', async () => {
    const edited = lines.with(2, makeLine(2, { event: 'login.succeeded' }))
    const leaves = lines.map(leafOf)
    const dir = writeLog(
      new Map<string, string | Buffer>([
        ['log.vkey', `${k0.vkey}\n${k1.vkey}\n`],
        [segmentPath(0), edited.map((line) => `${line}\n`).join('')],
        [
          'checkpoints.log',
          (
            [
              [k0, 3],
              [k0, 6],
              [k1, 12],
            ] as const
          )
            .map(([key, size]) => makeNote(key, leaves.slice(0, size)))
            .join(''),
        ],
        ...tileFiles(leaves),
      ]),
    )
    expect((await check(dir, k0.vkey)).problems).toEqual([
      { kind: 'altered', index: 2, detail: 'record 2 was changed' },
    ])
  })
})

describe('a stolen key', () => {
  it('the new one cannot sign old history anew: its checkpoints below the border are named', async () => {
    const forged = linesOf(12, [5]).with(2, makeLine(2, { event: 'login.succeeded' }))
    const report = await check(
      folder(forged, [
        [k1, 3],
        [k1, 6],
        [k1, 7],
        [k1, 12],
      ]),
      k0.vkey,
    )
    expect(report.problems).toContainEqual({
      kind: 'key_out_of_range',
      index: 3,
      detail: `checkpoint 3 is signed by key ${id(k1)} outside its range, which is empty: no rotation that the key before it signed leads to it (and 3 more checkpoints up to 12)`,
    })
  })

  it('not even when the last checkpoint of the old key is left to it', async () => {
    const real = linesOf(12, [5])
    const forged = real.with(2, makeLine(2, { event: 'login.succeeded' }))
    const note = (signer: Signer, lines: string[], size: number) => makeNote(signer, lines.map(leafOf).slice(0, size))
    const dir = folder(forged, [[k1, 12]])
    writeLog(new Map([['checkpoints.log', note(k0, real, 6) + note(k1, forged, 12)]]), dir)
    expect((await check(dir, k0.vkey)).problems).toMatchObject([{ kind: 'forked', index: 6 }])
  })

  it('nor a single size below the border, beside the real checkpoints', async () => {
    const dir = folder(linesOf(12, [5]), [
      [k0, 3],
      [k1, 4],
      [k0, 6],
      [k1, 6],
      [k1, 7],
      [k1, 12],
    ])
    expect((await check(dir, k0.vkey)).problems).toEqual([
      {
        kind: 'key_out_of_range',
        index: 4,
        detail: `checkpoint 4 is signed by key ${id(k1)} outside its range, sizes 7 and up (and 1 more checkpoints up to 6)`,
      },
    ])
  })

  it('the old one cannot sign a new tail', async () => {
    const dir = folder(linesOf(12, [5]), [
      [k0, 6],
      [k1, 7],
      [k0, 10],
      [k0, 12],
    ])
    const report = await check(dir, k0.vkey)
    expect(report.problems).toEqual([
      {
        kind: 'key_out_of_range',
        index: 10,
        detail: `checkpoint 10 is signed by key ${id(k0)} outside its range, sizes 0 to 6 (and 1 more checkpoints up to 12)`,
      },
    ])
    expect([report.signed, report.unsigned]).toEqual([7, 5])
  })

  it('the old one cannot hand the log over a second time', async () => {
    const lines = linesOf(12, [5]).with(8, rotates(8, stranger))
    const report = await check(
      folder(lines, [
        [k0, 6],
        [k1, 7],
        [k0, 9],
        [stranger, 12],
      ]),
      k0.vkey,
    )
    expect(kinds(report)).toEqual(['key_out_of_range', 'key_out_of_range'])
    expect(report.notes).toContainEqual(expect.objectContaining({ kind: 'rotation_unconfirmed', index: 8 }))
  })

  it('the old one can begin again before the border, and who knows both keys sees it', async () => {
    const dir = folder(linesOf(9, []), [[k0, 9]], [k0])
    expect((await check(dir, k0.vkey)).problems).toEqual([])
    expect((await check(dir, k0.vkey, k1.vkey)).problems).toMatchObject([
      { kind: 'wrong_key', detail: expect.stringContaining(`key ${id(k1)} of this log was never in force`) },
    ])
  })

  it('the new one can begin a log of its own under the name, and who knows the first key sees it', async () => {
    const dir = folder(linesOf(9, []), [[k1, 9]], [k1])
    expect(kinds(await check(dir, k0.vkey))).toEqual(['wrong_key', 'wrong_key', 'wrong_key'])
    expect((await check(dir, k0.vkey, k1.vkey)).problems).toMatchObject([
      { kind: 'wrong_key', detail: expect.stringContaining(`key ${id(k0)} of this log was never in force`) },
    ])
  })
})

describe('a rotation that the key in force did not sign', () => {
  it('is not believed, also when the folder names the next key', async () => {
    for (const vkeys of [[k0, stranger], [k0]]) {
      const lines = linesOf(12, [5], [stranger])
      const report = await check(
        folder(
          lines,
          [
            [k0, 3],
            [stranger, 6],
            [stranger, 12],
          ],
          vkeys,
        ),
        k0.vkey,
      )
      expect(report.problems).toEqual([
        {
          kind: 'key_out_of_range',
          index: 6,
          detail: expect.stringContaining(`checkpoint 6 is signed by key ${id(stranger)} outside its range`),
        },
      ])
      expect(report.signed).toBe(3)
      expect(report.notes).toContainEqual(expect.objectContaining({ kind: 'rotation_unconfirmed', index: 5 }))
    }
  })

  it('is not confirmed by a checkpoint over more than it', async () => {
    const report = await check(
      folder(linesOf(12, [5]), [
        [k0, 3],
        [k0, 8],
        [k1, 12],
      ]),
      k0.vkey,
    )
    expect(report.problems).toMatchObject([{ kind: 'key_out_of_range', index: 12 }])
  })

  it('as a crash leaves it, has no effect and is no failure', async () => {
    const lines = linesOf(12, [3, 6], [k1, k1])
    const report = await check(
      folder(lines, [
        [k0, 3],
        [k0, 5],
        [k0, 7],
        [k1, 12],
      ]),
      k0.vkey,
    )
    expect([report.problems, report.checkpoints]).toEqual([[], 4])
    expect(report.notes).toEqual([
      {
        kind: 'rotation_unconfirmed',
        index: 3,
        detail: expect.stringContaining(`hands the log over to key ${id(k1)}`),
      },
    ])
  })

  it('is not made by a record of the application', async () => {
    const lines = linesOf(12, []).with(5, rotates(5, stranger, { source: 'app' }))
    const report = await check(
      folder(
        lines,
        [
          [k0, 6],
          [stranger, 12],
        ],
        [k0, stranger],
      ),
      k0.vkey,
    )
    expect(kinds(report)).toEqual(['key_out_of_range'])
  })

  it('a log all of a stranger that leads to a given key in words only is not vouched for', async () => {
    const dir = folder(
      linesOf(12, [5], [k1]),
      [
        [stranger, 3],
        [stranger, 6],
      ],
      [stranger, k1],
    )
    expect(kinds(await check(dir, k1.vkey))).toEqual(['wrong_key'])
  })

  it('a checkpoint of another log by the right key still is one of another log', async () => {
    const other = renamed(k1, 'shop/7f3a/shop-1')
    expect(
      kinds(
        await check(
          folder(linesOf(12, [5]), [
            [k0, 6],
            [other, 12],
          ]),
          k0.vkey,
        ),
      ),
    ).toContain('wrong_origin')
  })
})
