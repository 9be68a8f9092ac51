// Trust policies: what is read, what is refused and on which line, and which witnesses are enough.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  cosigner,
  ed25519Signer,
  ed25519Verifier,
  formatCheckpoint,
  formatPolicy,
  formatVkey,
  KeyType,
  meetsQuorum,
  NoteError,
  type Policy,
  PolicyError,
  PolicyJudge,
  parsePolicy,
  signNote,
} from '../src/index.js'
import { ed25519, sha256, unhex, verify } from './helpers.js'

const keys = Array.from({ length: 12 }, (_, i) => ed25519(new Uint8Array(32).fill(i + 1)))
const origin = 'shop.example/audit/0'
const logVkey = formatVkey(sha256, origin, KeyType.ed25519, keys[0]!.publicKey)
const vkeys = keys.map(({ publicKey }, i) => formatVkey(sha256, `w${i}.example`, KeyType.cosignatureV1, publicKey))
const [w1, w2, w3, w4] = vkeys.slice(1)

const TWO_LEVELS = `# kept by two organisations
log ${logVkey}

witness X1 ${w1} https://x1.example/submit
witness\tX2 ${w2}
  witness X3 ${w3}
group X 2 X1 X2 X3
witness Y ${w4}
group both all X Y
quorum both
`
const twoLevels: Policy = {
  logs: [{ vkey: logVkey }],
  witnesses: [
    { name: 'X1', vkey: w1!, url: 'https://x1.example/submit' },
    { name: 'X2', vkey: w2! },
    { name: 'X3', vkey: w3! },
    { name: 'Y', vkey: w4! },
  ],
  groups: [
    { name: 'X', threshold: 2, members: ['X1', 'X2', 'X3'] },
    { name: 'both', threshold: 2, members: ['X', 'Y'] },
  ],
  quorum: 'both',
}

const refusal = (text: string): { line: number; message: string } => {
  try {
    parsePolicy(sha256, text)
  } catch (error) {
    if (error instanceof PolicyError) return { line: error.line, message: error.message }
    throw error
  }
  throw new Error('the policy was read')
}

describe('a policy', () => {
  test('is read with comments, blank lines, tabs and leading spaces', () => {
    expect(parsePolicy(sha256, TWO_LEVELS)).toEqual(twoLevels)
    expect(parsePolicy(sha256, TWO_LEVELS.trimEnd())).toEqual(twoLevels)
  })

  test('is written so that it reads back as the same', () => {
    expect(parsePolicy(sha256, formatPolicy(sha256, twoLevels))).toEqual(twoLevels)
    const none: Policy = { logs: [], witnesses: [], groups: [], quorum: undefined }
    expect(formatPolicy(sha256, none)).toBe('quorum none\n')
    expect(() => formatPolicy(sha256, { ...none, quorum: 'nobody' })).toThrow(PolicyError)
    const nameWithSpace = { ...none, witnesses: [{ name: 'a b', vkey: w1! }] }
    expect(() => formatPolicy(sha256, nameWithSpace)).toThrow(PolicyError)
  })

  test('may name anything that has no space, and 32 logs, witnesses and groups at least', () => {
    const many = Array.from({ length: 40 }, (_, i) => ed25519(new Uint8Array(32).fill(100 + i)).publicKey)
    const lines = many.flatMap((key, i) => [
      `log ${formatVkey(sha256, `log${i}`, KeyType.ed25519, key)}`,
      `witness \u212a#${i} ${formatVkey(sha256, `w${i}`, KeyType.cosignatureV1, key)}`,
      `group g${i} all ${i === 0 ? '' : `g${i - 1}`} \u212a#${i}`,
    ])
    const policy = parsePolicy(sha256, `${lines.join('\n')}\nquorum g39\n`)
    expect([policy.logs.length, policy.witnesses.length, policy.groups.length]).toEqual([40, 40, 40])
  })

  test.each([
    ['there is no quorum', `witness A ${w1}\n`, 0, /no quorum/],
    ['there are two quorums', 'quorum none\nquorum none\n', 2, /second/],
    ['the quorum is not defined', 'quorum A\n', 1, /no witness or group "A"/],
    ['the quorum is defined only below', `quorum A\nwitness A ${w1}\n`, 1, /"A"/],
    ['a group contains itself', `witness A ${w1}\ngroup G any A G\nquorum G\n`, 2, /"G"/],
    ['two groups contain each other', `group G any H\ngroup H any G\nquorum G\n`, 1, /"H"/],
    ['a member is not defined', `witness A ${w1}\ngroup G any A B\nquorum G\n`, 2, /"B"/],
    ['a member is "none"', 'group G any none\nquorum G\n', 1, /"none"/],
    ['a witness is in two groups', `witness A ${w1}\ngroup G any A\ngroup H any A\nquorum H\n`, 3, /count twice/],
    ['a witness is twice in one group', `witness A ${w1}\ngroup G all A A\nquorum G\n`, 2, /count twice/],
    ['a name is taken', `witness A ${w1}\nwitness A ${w2}\nquorum A\n`, 2, /"A" is taken/],
    ['a group takes the name of a witness', `witness A ${w1}\ngroup A any A\nquorum A\n`, 2, /"A" is taken/],
    ['a name is "none"', `witness none ${w1}\nquorum none\n`, 1, /"none" is taken/],
    ['a witness is there twice, under two names', `witness A ${w1}\nwitness B ${w1}\nquorum A\n`, 2, /public key/],
    ['a log is there twice', `log ${logVkey}\nlog ${logVkey} https://a.example\nquorum none\n`, 2, /public key/],
    ['the threshold is 0', `witness A ${w1}\ngroup G 0 A\nquorum G\n`, 2, /not "0"/],
    ['the threshold is above the members', `witness A ${w1}\ngroup G 2 A\nquorum G\n`, 2, /not "2"/],
    ['the threshold has a leading zero', `witness A ${w1}\ngroup G 01 A\nquorum G\n`, 2, /not "01"/],
    ['a group has no member', 'group G any\nquorum G\n', 1, /form/],
    ['a log has a key of a witness', `log ${w1}\nquorum none\n`, 1, /type 4/],
    ['a witness has a key of a log', `# 1\nwitness A ${logVkey}\nquorum none\n`, 2, /type 1/],
    ['a key is malformed', 'log nonsense\nquorum none\n', 1, /form name\+id\+key/],
    [
      'a key id is not of its key',
      `log ${logVkey.replace(/\+[0-9a-f]{8}\+/, '+00000000+')}\nquorum none\n`,
      1,
      /key id/,
    ],
    ['there is too much on a line', `witness A ${w1} https://a.example more\nquorum none\n`, 1, /form/],
    ['a line has an unknown word', 'policy none\nquorum none\n', 1, /begins with/],
    ['a line ends in CR LF', 'quorum none\r\n', 1, /control character/],
    ['a line has a NUL', 'quorum none\n#\u0000\n', 2, /control character/],
    ['it is endless', '\n'.repeat(2000), 1000, /at most/],
  ])('is refused when %s, naming the line', (_, text, line, message) => {
    expect(refusal(text)).toEqual({ line, message: expect.stringMatching(message) })
  })
})

describe('a quorum', () => {
  test.each([
    [[], false],
    [['X1', 'X2'], false],
    [['Y'], false],
    [['X1', 'Y'], false],
    [['X1', 'X2', 'Y'], true],
    [['X3', 'Y', 'X1'], true],
    [['X1', 'X1', 'Y'], false],
    [['X', 'Y'], false], // a group's name is no witness
    [['both'], false],
    [['X1', 'X2', 'Y', 'stranger'], true],
  ])('of 2 of 3 and one more: %j is %s', (cosigned, enough) => {
    expect(meetsQuorum(twoLevels, cosigned)).toBe(enough)
  })

  test('of none is always met, of one witness when it has cosigned', () => {
    expect(meetsQuorum({ ...twoLevels, quorum: undefined }, [])).toBe(true)
    expect([[], ['X2'], ['X1']].map((names) => meetsQuorum({ ...twoLevels, quorum: 'X1' }, names))).toEqual([
      false,
      false,
      true,
    ])
  })

  test('k of n is met by any k of them, and never by fewer', () => {
    const members = ['A', 'B', 'C', 'D', 'E', 'F']
    const witnesses = members.map((name, i) => ({ name, vkey: vkeys[i + 1]! }))
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 6 }), fc.subarray(members), (threshold, cosigned) => {
        const policy: Policy = { logs: [], witnesses, groups: [{ name: 'G', threshold, members }], quorum: 'G' }
        expect(meetsQuorum(policy, cosigned)).toBe(cosigned.length >= threshold)
      }),
    )
  })
})

describe('a checkpoint under a policy', () => {
  const text = formatCheckpoint({ origin, size: 7, root: sha256(new Uint8Array(0)) })
  const logSigner = ed25519Signer(sha256, origin, keys[0]!.publicKey, keys[0]!.sign)
  const witness = (i: number, time = 1_700_000_000 + i) =>
    cosigner(sha256, `w${i}.example`, keys[i]!.publicKey, keys[i]!.sign, () => time)
  const judge = new PolicyJudge(sha256, verify, parsePolicy(sha256, TWO_LEVELS))

  test('names the witnesses that cosigned, with their times, and says whether they are enough', () => {
    const some = judge.judge(signNote(text, [logSigner, witness(2), witness(4)]))
    expect([some.cosigned, some.quorum]).toEqual([
      [
        { name: 'X2', time: 1_700_000_002 },
        { name: 'Y', time: 1_700_000_004 },
      ],
      false,
    ])
    const enough = judge.judge(signNote(text, [logSigner, witness(4), witness(2), witness(1), witness(9)]))
    expect([enough.cosigned.map(({ name }) => name), enough.quorum]).toEqual([['X1', 'X2', 'Y'], true])
  })

  test('counts a witness that signed twice once', () => {
    const twice = signNote(text, [logSigner, witness(1, 1), witness(1, 2), witness(4)])
    expect(judge.judge(twice)).toMatchObject({ cosigned: [{ name: 'X1' }, { name: 'Y' }], quorum: false })
  })

  test('is refused when no log of the policy has signed it, or one that is another log', () => {
    const witnesses = [witness(1), witness(2), witness(4)]
    const other = ed25519Signer(sha256, 'other.example', keys[8]!.publicKey, keys[8]!.sign)
    expect(() => judge.judge(signNote(text, witnesses))).toThrow(NoteError)
    expect(() => judge.judge(signNote(text, [other, ...witnesses]))).toThrow(/no known key/)
    const both = parsePolicy(
      sha256,
      TWO_LEVELS.replace('log', `log ${formatVkey(sha256, 'other.example', KeyType.ed25519, keys[8]!.publicKey)}\nlog`),
    )
    const crossed = signNote(text, [other, ...witnesses])
    expect(() => new PolicyJudge(sha256, verify, both).judge(crossed)).toThrow(/no known key/)
  })

  test('may be of a log that the caller knows from elsewhere', () => {
    const policy = { ...twoLevels, logs: [] }
    const verifier = ed25519Verifier(sha256, logVkey, verify)
    const note = signNote(text, [logSigner, witness(1), witness(2), witness(4)])
    expect(new PolicyJudge(sha256, verify, policy, [verifier]).judge(note).quorum).toBe(true)
    expect(() => new PolicyJudge(sha256, verify, policy).judge(note)).toThrow(NoteError)
  })

  test('is refused as a whole when a known witness’s signature is wrong', () => {
    const forged = { ...witness(1), sign: () => new Uint8Array(72) }
    expect(() => judge.judge(signNote(text, [logSigner, forged]))).toThrow(
      expect.objectContaining({ kind: 'bad-signature' }),
    )
  })

  test('the reference vector of the log format: one log, one witness', () => {
    const note = `example.com/audit/vec
8
XcnaeacGWamtVZy3Ad7ZoqudgjqtL0lgz+Nw7/RgQyg=

— example.com/audit/vec EHogf57dmRcX0mP83DZj3VmbI2ZPSVLBL3+tfXeKPSuDpvxSEmnq5rVXVJk8pLT4jT9An2XF7v3eJAX4FQ9uJvv+sgQ=
— witness.example.com/vec GVDhggAAAABkGFDLn8VrRsenX4bJDMmSjWVpCqS0WAA9+samg8hYw0dqivtEzwF1P7E2GOy45L+M0kOBV90uf0jDQBV4anqTmpRdBw==
`
    const policy = `log example.com/audit/vec+107a207f+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop
witness W witness.example.com/vec+1950e182+BDtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop
quorum W
`
    const found = new PolicyJudge(sha256, verify, parsePolicy(sha256, policy)).judge(note)
    expect(found).toMatchObject({ cosigned: [{ name: 'W', time: 1_679_315_147 }], quorum: true })
    expect(found.opened.checkpoint.root).toEqual(
      unhex('5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328'),
    )
  })
})
