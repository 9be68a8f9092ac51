// What verify says about the witnesses of a policy, from the receipts that lie in the log folder.
import { generateKeyPairSync, sign } from 'node:crypto'
import { join } from 'node:path'
import { cosigner, formatVkey, KeyType, type NoteSigner, signNote } from '@trailproof/tlog'
import { afterAll, describe, expect, test } from 'vitest'
import { folderReader, type VerifyOptions, verifyLog, verifyRoot } from '../../src/index.js'
import {
  leafOf,
  logFiles,
  makeNote,
  makeSigner,
  planOf,
  removeTempDirs,
  renamed,
  type Signer,
  sha256,
  tempDir,
  writeLog,
} from './fixture.js'

afterAll(removeTempDirs)

function makeWitness(name: string): { vkey: string; signer: NoteSigner } {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  const raw = publicKey.export({ format: 'der', type: 'spki' }).subarray(-32)
  return {
    vkey: formatVkey(sha256, name, KeyType.cosignatureV1, raw),
    signer: cosigner(
      sha256,
      name,
      raw,
      (message) => sign(null, message, privateKey),
      () => 1_700_000_000,
    ),
  }
}

const log = makeSigner()
const [a, b, c] = ['a', 'b', 'c'].map((name) => makeWitness(`${name}.example`)) as [Made, Made, Made]
type Made = ReturnType<typeof makeWitness>
const lines = `witness A ${a.vkey}\nwitness B ${b.vkey}\nwitness C ${c.vkey}\ngroup two 2 A B C\n`
const policy = `log ${log.vkey}\n${lines}quorum two\n`

const plan = planOf(log, 600, [100, 300, 600])
const leaves = plan.lines.map(leafOf)
const noteAt = (size: number, signer: Signer = log) => makeNote(signer, leaves.slice(0, size))
const cosigned = (note: string, ...witnesses: Made[]) => {
  const [text, signature] = note.split('\n\n') as [string, string]
  return signNote(
    `${text}\n`,
    witnesses.map(({ signer }) => signer),
    [signature],
  )
}
const nameOf = (size: number, anchor: string) => `anchors/witnessed-${String(size).padStart(20, '0')}-${anchor}`

const check = (receipts: [string, string][], options: VerifyOptions = { policy }) =>
  verifyLog(folderReader(writeLog(new Map([...logFiles(plan), ...receipts]))), options)

describe('a policy of two witnesses of three', () => {
  test('is met by the newest checkpoint that two have cosigned, and the report has their names and times', async () => {
    const note = cosigned(noteAt(600), a, c)
    const report = await check([
      [nameOf(300, 'w'), cosigned(noteAt(300), a, b, c)],
      [nameOf(600, 'w'), note],
    ])
    const time = '2023-11-14T22:13:20Z'
    expect(report.problems).toEqual([])
    expect(report.notes).toEqual([])
    expect(report.witnessed).toMatchObject({
      size: 600,
      witnesses: [
        { name: 'A', time },
        { name: 'C', time },
      ],
    })
  })

  test('is met by an older one, and the records above it are named', async () => {
    const report = await check([
      [nameOf(300, 'w'), cosigned(noteAt(300), a, b)],
      [nameOf(600, 'w'), cosigned(noteAt(600), a)],
    ])
    expect(report).toMatchObject({ problems: [], witnessed: { size: 300 } })
    expect(report.notes).toEqual([expect.objectContaining({ kind: 'unwitnessed', from: 300, to: 600 })])
  })

  test('is met by cosignatures that lie in files of their own', async () => {
    const report = await check([
      [nameOf(600, 'a'), cosigned(noteAt(600), a)],
      [nameOf(600, 'b'), cosigned(noteAt(600), b)],
    ])
    expect(report).toMatchObject({ problems: [], witnessed: { size: 600 } })
  })

  test('is met by a cosigned checkpoint that the caller has kept', async () => {
    const report = await check([], { policy, against: cosigned(noteAt(300), b, c) })
    expect(report).toMatchObject({ problems: [], witnessed: { size: 300 } })
  })

  test('needs no log line when the key is given', async () => {
    const bare = policy.replace(/^log .*\n/, '')
    const receipts: [string, string][] = [[nameOf(600, 'w'), cosigned(noteAt(600), a, b)]]
    for (const keys of [[log.vkey], [log.bare]])
      expect(await check(receipts, { policy: bare, keys })).toMatchObject({ problems: [], witnessed: { size: 600 } })
  })

  const other = makeSigner()
  const spoilt = cosigned(noteAt(600), a, b).replace(/(b\.example .{40})./, (_, kept: string) => `${kept}!`)
  test.each<[string, [string, string][]]>([
    ['there is no receipt', []],
    ['one has cosigned', [[nameOf(600, 'w'), cosigned(noteAt(600), a)]]],
    ['one has cosigned twice', [[nameOf(600, 'w'), cosigned(noteAt(600), a, a)]]],
    ['strangers have cosigned', [[nameOf(600, 'w'), cosigned(noteAt(600), makeWitness('a.example'), b)]]],
    ['another log’s checkpoint lies there', [[nameOf(600, 'w'), cosigned(noteAt(600, makeSigner('x/y')), a, b)]]],
    ['another key has signed the checkpoint', [[nameOf(300, 'w'), cosigned(noteAt(300, other), a, b)]]],
    ['the receipt is spoilt', [[nameOf(600, 'w'), spoilt]]],
    ['the receipt has another name', [['anchors/w', cosigned(noteAt(600), a, b)]]],
    [
      'larger names hide it',
      [
        [nameOf(600, 'w'), cosigned(noteAt(600), a, b)],
        ...Array.from({ length: 64 }, (_, i): [string, string] => [nameOf(700 + i, 'w'), 'nothing']),
      ],
    ],
  ])('is not met when %s', async (_, receipts) => {
    const report = await check(receipts)
    expect(report.problems).toEqual([expect.objectContaining({ kind: 'unwitnessed', from: 0, to: 600 })])
    expect(report.witnessed).toBeUndefined()
  })

  test('convicts a log that does not contain what they have cosigned', async () => {
    const forked = leaves.with(299, leafOf('another'))
    const fork = await check([[nameOf(300, 'w'), cosigned(makeNote(log, forked.slice(0, 300)), a, b)]])
    expect(fork.problems).toEqual([expect.objectContaining({ kind: 'forked', index: 300 })])
    const longer = [...leaves, leafOf('more')]
    const rolledBack = await check([[nameOf(601, 'w'), cosigned(makeNote(log, longer), a, b)]])
    expect(rolledBack.problems).toEqual([expect.objectContaining({ kind: 'rolled_back', from: 600, to: 601 })])
    expect([fork.witnessed, rolledBack.witnessed]).toEqual([undefined, undefined])
  })
})

describe('a policy', () => {
  test('without quorum asks for nothing, and its log line pins the key', async () => {
    const none = `log ${log.vkey}\nquorum none\n`
    expect(await check([], { policy: none })).toMatchObject({ problems: [], notes: [] })
    const another = await check([], { policy: `log ${makeSigner().vkey}\nquorum none\n` })
    expect(another.problems.map(({ kind }) => kind)).toContain('wrong_key')
    const dir = writeLog(logFiles(plan))
    expect(await verifyRoot(dir, { policy: none })).toMatchObject({ ok: true, trust: 'key' })
  })

  test('for logs of one key has no log lines, and each log is given by its vkey', async () => {
    const other = renamed(log, 'shop/7f3a/shop-1')
    const dir = tempDir()
    for (const signer of [log, other]) {
      const note = cosigned(noteAt(600, signer), a, b)
      const files = logFiles({ ...plan, signer })
      writeLog(new Map([...files, [nameOf(600, 'w'), note]]), join(dir, signer.origin.split('/').at(-1)!))
    }
    const keys = [`${log.vkey}\n${other.vkey}\n`]
    const report = await verifyRoot(dir, { policy: `${lines}quorum two\n`, keys })
    expect(report).toMatchObject({
      ok: true,
      trust: 'anchored',
      logs: [{ witnessed: { size: 600 } }, { witnessed: { size: 600 } }],
    })
    const both = `log ${log.vkey}\nlog ${other.vkey}\n${lines}quorum two\n`
    await expect(verifyRoot(dir, { policy: both })).rejects.toMatchObject({
      code: 'TRAILPROOF_POLICY_INVALID',
      line: 2,
    })
  })

  test('that cannot be read is refused before the log is', async () => {
    const refused = { code: 'TRAILPROOF_POLICY_INVALID', line: 1 }
    await expect(check([], { policy: 'quorum nobody\n' })).rejects.toMatchObject(refused)
    await expect(verifyRoot('/nowhere', { policy: 'quorum nobody\n' })).rejects.toMatchObject(refused)
  })
})
