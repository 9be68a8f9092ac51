// Witnesses across processes: real logs in folders, real witnesses on the built command line, and everything that a log can
// do wrong.
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { witnessAnchor, witnessesAnchor } from '../../packages/anchors/src/index.js'
import {
  anchorFiles,
  buildCli,
  checkpointOf,
  cleanUp,
  cli,
  grow,
  type Keys,
  makeKeys,
  publish,
  tempDir,
  vkeyOf,
  WitnessProcess,
} from './processes.js'

beforeAll(buildCli, 300_000)

let dir: string
let keys: Keys
let log: string // the log's folder
beforeEach(async () => {
  dir = join(tempDir(), 'audit')
  keys = makeKeys()
  log = await grow(dir, keys, 5)
})
afterEach(cleanUp)

const anchorOf = ({ name, vkey, url }: WitnessProcess) => witnessAnchor({ name, vkey, url })
const never = () => new AbortController().signal

/** Another folder with the same log and keys, as a backup or a snapshot is. */
function copy(): string {
  const other = join(tempDir(), 'audit')
  cpSync(dir, other, { recursive: true })
  cpSync(join(dir, '..', 'keys'), join(other, '..', 'keys'), { recursive: true })
  return other
}

interface Report {
  ok: boolean
  logs: {
    signed: number
    witnessed?: { size: number; witnesses: { name: string }[] }
    problems: Finding[]
    notes: Finding[]
  }[]
}
type Finding = { kind: string; from?: number; to?: number }

function verify(folder: string, ...options: string[]) {
  const { code, out } = cli('verify', folder, ...options, '--json')
  const [found] = (JSON.parse(out) as Report).logs
  return { code, found: found!, problems: found!.problems.map(({ kind }) => kind), notes: found!.notes }
}

describe('an honest log', () => {
  it('is witnessed from its first checkpoint on, over restarts of either side, and verify says by whom', async () => {
    const witness = await new WitnessProcess('w', [vkeyOf(log)]).start()
    const policy = join(dir, '..', 'policy')
    writeFileSync(policy, `log ${vkeyOf(log)}\nwitness W ${witness.vkey}\nquorum W\n`)
    expect(verify(log, '--policy', policy)).toMatchObject({ code: 1, problems: ['unwitnessed'] })

    const anchor = anchorOf(witness)
    const sizes = [(await publish(log, anchor)).size]
    await grow(dir, keys, 300)
    sizes.push((await publish(log, anchor)).size)
    expect(await witness.end('SIGTERM')).toBe(0)
    await grow(dir, keys, 20)
    await witness.start()
    sizes.push((await publish(log, anchorOf(witness))).size) // a new process of the log: it asks from 0, and is told
    expect(sizes[0]! < sizes[1]! && sizes[1]! < sizes[2]!).toBe(true)
    expect(anchorFiles(log)).toHaveLength(3)

    const good = verify(log, '--policy', policy)
    expect(good).toMatchObject({ code: 0, problems: [] })
    expect(good.found.witnessed).toMatchObject({ size: sizes[2], witnesses: [{ name: 'W' }] })
    expect(cli('verify', log, '--policy', policy).out).toContain(
      `witnessed    ${sizes[2]} records, cosigned by W at 20`,
    )
  }, 120_000)

  it('says from where on its records are not witnessed yet', async () => {
    const witness = await new WitnessProcess('w', [vkeyOf(log)]).start()
    const policy = join(dir, '..', 'policy')
    writeFileSync(policy, `witness W ${witness.vkey}\nquorum W\n`)
    const { size } = await publish(log, anchorOf(witness))
    await grow(dir, keys, 3)
    const later = verify(log, '--policy', policy, '--key', vkeyOf(log))
    expect(later).toMatchObject({ code: 0, problems: [] })
    expect(later.notes).toContainEqual(
      expect.objectContaining({ kind: 'unwitnessed', from: size, to: checkpointOf(log).size }),
    )
  }, 60_000)
})

describe('a log that does wrong', () => {
  it('rolled back to an older copy: the witness knows more, and what it knows convicts the copy', async () => {
    const witness = await new WitnessProcess('w', [vkeyOf(log)]).start()
    await publish(log, anchorOf(witness))
    const old = copy()
    await grow(dir, keys, 10)
    const { size } = await publish(log, anchorOf(witness))

    await expect(publish(join(old, 'shop-0'), anchorOf(witness))).rejects.toMatchObject({
      code: 'TRAILPROOF_ANCHOR_CONFLICT',
      reason: 'rolled_back',
      found: size,
    })
    expect(verify(join(old, 'shop-0'), '--key', vkeyOf(log)).code).toBe(0) // nothing local shows it
    const note = join(old, '..', 'from-the-witness')
    writeFileSync(note, (await anchorOf(witness).latest!(checkpointOf(log).origin, never()))!)
    expect(verify(join(old, 'shop-0'), '--key', vkeyOf(log), '--against', note)).toMatchObject({
      code: 1,
      problems: ['rolled_back'],
    })
    // The newest receipts were left lying in the folder that was rolled back: they do as well.
    cpSync(join(log, 'anchors'), join(old, 'shop-0', 'anchors'), { recursive: true })
    const policy = join(old, '..', 'policy')
    writeFileSync(policy, `log ${vkeyOf(log)}\nwitness W ${witness.vkey}\nquorum W\n`)
    const convicted = verify(join(old, 'shop-0'), '--policy', policy)
    expect(convicted).toMatchObject({ code: 1, problems: ['rolled_back'] })
    expect(convicted.found.witnessed).toBeUndefined()
  }, 120_000)

  it('forked into two histories of one size: one is cosigned, the other never, and both notes are told', async () => {
    const witness = await new WitnessProcess('w', [vkeyOf(log)]).start()
    await publish(log, anchorOf(witness))
    const other = join(copy(), 'shop-0')
    await grow(dir, keys, 10, 'ann')
    await grow(join(other, '..'), keys, 10, 'bob')
    const [ours, theirs] = [checkpointOf(log), checkpointOf(other)]
    expect(theirs.size).toBe(ours.size)
    await publish(log, anchorOf(witness))
    for (let i = 0; i < 2; i++)
      await expect(publish(other, anchorOf(witness))).rejects.toMatchObject({
        code: 'TRAILPROOF_ANCHOR_CONFLICT',
        reason: 'forked',
      })
    await grow(join(other, '..'), keys, 10, 'bob')
    await expect(publish(other, anchorOf(witness))).rejects.toMatchObject({ reason: 'forked' })
    const told = witness.out.trim().split('\n').slice(1)
    expect(told).toHaveLength(3)
    expect(JSON.parse(told[0]!)).toEqual({
      contradiction: {
        origin: ours.origin,
        known: expect.stringContaining(ours.note),
        submitted: theirs.note,
      },
    })
    expect((await publish(log, anchorOf(witness))).size).toBe(ours.size)
  }, 120_000)

  it('lying about its proof: not cosigned, and the witness keeps what it knew', async () => {
    const witness = await new WitnessProcess('w', [vkeyOf(log)]).start()
    const anchor = anchorOf(witness)
    const { size } = await publish(log, anchor)
    await grow(dir, keys, 10)
    for (const lie of [[], [new Uint8Array(32)], Array.from({ length: 20 }, () => new Uint8Array(32))])
      await expect(publish(log, anchor, async () => lie)).rejects.toMatchObject({ code: 'TRAILPROOF_ANCHOR_CONFLICT' })
    const known = await anchor.latest!(checkpointOf(log).origin, never())
    expect(known).toContain(`\n${size}\n`)
    await publish(log, anchor)
  }, 60_000)

  it('whose records were changed makes no proof that a witness would have to judge', async () => {
    const witness = await new WitnessProcess('w', [vkeyOf(log)]).start()
    const anchor = anchorOf(witness)
    await publish(log, anchor)
    await grow(dir, keys, 300)
    const segment = join(log, 'seg', '00000000000000000000.jsonl')
    writeFileSync(segment, readFileSync(segment, 'utf8').replace('login.failed', 'login.faked_'))
    rmSync(join(log, 'tile'), { recursive: true })
    await expect(publish(log, anchor)).rejects.toMatchObject({ code: 'TRAILPROOF_LOG_CORRUPT' })
  }, 60_000)
})

describe('a quorum of two of three', () => {
  it('is met with one of them gone, not with two; and nothing but their signatures makes it', async () => {
    const witnesses = await Promise.all(['a', 'b', 'c'].map((name) => new WitnessProcess(name, [vkeyOf(log)]).start()))
    const lines = (urls: boolean) =>
      witnesses.map(({ name, vkey, url }) => `witness ${name} ${vkey}${urls ? ` ${url}` : ''}\n`).join('')
    const rest = 'group two 2 a b c\nquorum two\n'
    const policy = join(dir, '..', 'policy')
    writeFileSync(policy, `log ${vkeyOf(log)}\n${lines(false)}${rest}`)
    const anchor = witnessesAnchor({ policy: lines(true) + rest, timeoutMs: 20_000 })

    await publish(log, anchor)
    expect(verify(log, '--policy', policy).found.witnessed!.witnesses.map(({ name }) => name)).toEqual(['a', 'b', 'c'])

    await witnesses[2]!.end('SIGKILL')
    await grow(dir, keys, 3)
    const { size, files } = await publish(log, anchor)
    const two = verify(log, '--policy', policy)
    expect(two).toMatchObject({ code: 0, problems: [], found: { witnessed: { size } } })
    expect(two.found.witnessed!.witnesses.map(({ name }) => name)).toEqual(['a', 'b'])

    await witnesses[1]!.end('SIGKILL')
    await grow(dir, keys, 3)
    await expect(publish(log, anchor)).rejects.toMatchObject({ code: 'TRAILPROOF_ANCHOR_FAILED', reason: 'quorum' })
    expect(verify(log, '--policy', policy).found.witnessed).toMatchObject({ size })

    // Whoever owns the folder can take the receipts away, or make some with keys of their own; both are seen.
    rmSync(join(log, 'anchors'), { recursive: true })
    expect(verify(log, '--policy', policy)).toMatchObject({ code: 1, problems: ['unwitnessed'] })
    const forger = await new WitnessProcess('b', [vkeyOf(log)]).start()
    await publish(log, anchorOf(forger))
    await publish(log, anchorOf(witnesses[0]!))
    expect(verify(log, '--policy', policy)).toMatchObject({ code: 1, problems: ['unwitnessed'] })
    // Cosignatures in files of their own count together.
    await witnesses[1]!.start()
    await publish(log, anchorOf(witnesses[1]!))
    expect(verify(log, '--policy', policy)).toMatchObject({ code: 0, problems: [] })
    expect(Buffer.from(files[0]!.bytes).toString()).toContain('\u2014 a.example ')
  }, 180_000)
})

describe('the command', () => {
  it('refuses a state folder that another witness holds, and a wrong beginning', async () => {
    const witness = await new WitnessProcess('w', [vkeyOf(log)]).start()
    const refused = (...args: string[]) => {
      const { code, err } = cli(...args)
      return { code, error: err.split(':')[0] }
    }
    expect(refused(...witness.args)).toEqual({ code: 2, error: 'TRAILPROOF_WITNESS_LOCKED' })
    expect(refused(...witness.args, '--init')).toEqual({ code: 2, error: 'TRAILPROOF_WITNESS_STATE_MISSING' })
    const elsewhere = witness.args.with(2, join(witness.dir, 'elsewhere'))
    expect(refused(...elsewhere)).toEqual({ code: 2, error: 'TRAILPROOF_WITNESS_STATE_MISSING' })
    const busy = witness.args.with(witness.args.indexOf('--port') + 1, new URL(witness.url).port)
    expect(refused(...busy.with(2, join(witness.dir, 'new')), '--init')).toEqual({
      code: 2,
      error: 'TRAILPROOF_OPTION_INVALID',
    })
    const key = ['--state', join(witness.dir, 's'), '--key', join(witness.dir, 'key', 'witness.key')]
    expect(refused('witness', ...key)).toEqual({ code: 2, error: 'TRAILPROOF_OPTION_INVALID' })
    expect(refused('witness', ...key, '--log', witness.vkey)).toEqual({ code: 2, error: 'TRAILPROOF_KEY_INVALID' })
    expect(refused('verify', log, '--policy', join(log, 'log.vkey'))).toEqual({
      code: 2,
      error: 'TRAILPROOF_POLICY_INVALID',
    })
  }, 60_000)
})
