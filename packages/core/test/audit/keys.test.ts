// Where signing keys come from, how a service goes from one to the next, and what happens while a signer is away.
import { generateKeyPairSync, sign } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import {
  type AuditOptions,
  createAudit,
  fileWriter,
  generateKeys,
  handedOver,
  keysInRotation,
  makeNextKey,
  memoryKeys,
  retireKey,
  type Signer,
  verifyRoot,
} from '../../src/index.js'
import { errorOf, eventually, temporaryFolder } from '../support.js'

/** A key in another place, which the test can take away. */
function fakeKms(): Signer & { away: 'no' | 'rejects' | 'hangs' | 'lies'; asked: number; aborted: number } {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  return {
    publicKey: new Uint8Array(publicKey.export({ format: 'der', type: 'spki' }).subarray(-32)),
    away: 'no',
    asked: 0,
    aborted: 0,
    async sign(message, signal) {
      this.asked++
      signal.addEventListener('abort', () => this.aborted++)
      await new Promise<void>((resolve) => setImmediate(resolve))
      if (this.away === 'rejects') throw new Error('AccessDenied: the password was hunter2')
      if (this.away === 'hangs') await new Promise<never>(() => {})
      return sign(null, this.away === 'lies' ? Buffer.from('another') : message, privateKey)
    },
  }
}

const vkeyOf = ({ publicKey }: Signer) => Buffer.from(publicKey).toString('base64')

/** One process: starts, records, and stops. */
async function life(dir: string, keys: AuditOptions['keys'], events = 2) {
  const audit = createAudit({ service: 'shop', writer: fileWriter(join(dir, 'audit')), keys, heartbeatEveryMs: 0 })
  const opened = await audit.ready
  for (let i = 0; i < events; i++) await audit.record({ event: 'login.failed' })
  await audit.close()
  return opened
}

const records = (dir: string) =>
  readFileSync(join(dir, 'audit', 'shop-0', 'seg', '00000000000000000000.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))

describe('a signer in another place', () => {
  it('signs what a process leaves behind; the log says how often it is asked', async () => {
    const dir = temporaryFolder()
    const kms = fakeKms()
    await life(dir, { ...memoryKeys(), signing: kms, signEveryMs: 30_000 }, 200)
    expect(kms.asked).toBeLessThan(10)
    expect(records(dir)[0].data.signer).toEqual({
      sign_every_ms: 30_000,
      max_unsigned_ms: 900_000,
      max_unsigned_records: 100_000,
    })
    expect(await verifyRoot(join(dir, 'audit'), { keys: [vkeyOf(kms)] })).toMatchObject({
      ok: true,
      logs: [{ size: 203, unsigned: 0, problems: [] }],
    })
  })

  for (const away of ['rejects', 'hangs', 'lies'] as const)
    it(`that ${away} turns health red and keeps no record waiting; when it is back, everything is signed`, async () => {
      const dir = temporaryFolder()
      const kms = Object.assign(fakeKms(), { away })
      const keys = { ...memoryKeys(), signing: kms, signTimeoutMs: 100 }
      const audit = createAudit({ service: 'shop', writer: fileWriter(join(dir, 'audit')), keys, heartbeatEveryMs: 0 })
      onTestFinished(() => audit.close().catch(() => {}))
      expect(await audit.record({ event: 'login.failed' })).toMatchObject({ state: 'durable' })
      await eventually(() => audit.health().status === 'red', 'red health')
      const { problems, log } = audit.health()
      expect([problems.map(({ code }) => code), log.state]).toEqual([['TRAILPROOF_SIGNER_FAILED'], 'writing'])
      expect(JSON.stringify(problems)).not.toContain('hunter2')
      expect(await audit.record({ event: 'login.failed' })).toMatchObject({ state: 'durable' })
      if (away === 'hangs') expect(kms.aborted).toBeGreaterThan(0)
      kms.away = 'no'
      await audit.flush()
      expect(audit.health()).toMatchObject({ status: 'green', log: { signedSize: 3 } })
      await audit.close()
      expect((await verifyRoot(join(dir, 'audit'), { keys: [vkeyOf(kms)] })).ok).toBe(true)
    })

  it('that is away for too long makes the log fail, and policy decides', async () => {
    const kms = Object.assign(fakeKms(), { away: 'rejects' })
    const audit = createAudit({
      service: 'shop',
      writer: fileWriter(join(temporaryFolder(), 'audit')),
      keys: { ...memoryKeys(), signing: kms, maxUnsignedRecords: 1000 },
      policy: [{ events: 'login.failed', onFailure: 'refuse', waitAtMostMs: 2000 }],
      heartbeatEveryMs: 0,
    })
    onTestFinished(() => audit.close().catch(() => {}))
    await Promise.all(Array.from({ length: 999 }, () => audit.record({ event: 'login.failed' })))
    await eventually(() => audit.health().log.state === 'failing', 'failing')
    expect(await errorOf(() => audit.record({ event: 'login.failed' }))).toMatchObject({ code: 'TRAILPROOF_REFUSED' })
    expect(audit.health()).toMatchObject({
      problems: [{ code: 'TRAILPROOF_SIGNER_FAILED' }],
      log: { size: 1000, queuedRecords: 1 },
    })
    kms.away = 'no'
    await eventually(() => audit.health().log.state === 'writing', 'writing')
    expect(await audit.record({ event: 'login.failed' })).toMatchObject({ state: 'durable', index: 1001 })
  })

  it.each<[string, object, string]>([
    ['no signer and no key', { signing: { publicKey: new Uint8Array(31), sign() {} } }, 'TRAILPROOF_KEY_INVALID'],
    ['a limit without a signer', { signEveryMs: 60_000 }, 'TRAILPROOF_OPTION_INVALID'],
    ['too often', { signing: fakeKms(), signEveryMs: 10 }, 'TRAILPROOF_OPTION_INVALID'],
    ['a shorter limit than two signatures', { signing: fakeKms(), maxUnsignedMs: 60_000 }, 'TRAILPROOF_OPTION_INVALID'],
    ['endless patience', { signing: fakeKms(), signTimeoutMs: 60_000 }, 'TRAILPROOF_OPTION_INVALID'],
  ])('%s is refused', async (_, keys, code) => {
    const options = { service: 'shop', writer: fileWriter(join(temporaryFolder(), 'audit')) }
    const { signing: _key, ...rest } = memoryKeys()
    expect(
      await errorOf(() => createAudit({ ...options, keys: { ...rest, dir: temporaryFolder(), ...keys } as never })),
    ).toMatchObject({ code })
  })
})

describe('rotation', () => {
  it('of key files: make the next key, restart, retire the old one', async () => {
    const dir = temporaryFolder()
    const keys = { dir: join(dir, 'keys') }
    const first = generateKeys(keys.dir).publicKey
    const before = await life(dir, keys)
    const old = readFileSync(join(keys.dir, 'signing.key'), 'utf8')
    const next = makeNextKey(keys.dir)
    expect(await errorOf(() => makeNextKey(keys.dir))).toMatchObject({ code: 'TRAILPROOF_KEY_INVALID' })
    expect(await handedOver(join(dir, 'audit'), keysInRotation(keys.dir)!.next)).toEqual([
      { name: 'shop-0', done: false },
    ])

    const after = await life(dir, keys)
    expect(after.vkey).toBe(before.vkey) // what was pinned stays
    expect(await handedOver(join(dir, 'audit'), keysInRotation(keys.dir)!.next)).toEqual([
      { name: 'shop-0', done: true },
    ])
    retireKey(keys.dir)
    expect(
      readdirSync(keys.dir)
        .filter((name) => name.endsWith('.key'))
        .sort(),
    ).toEqual(['root.key', 'signing.key'])
    for (const name of readdirSync(keys.dir).filter((name) => name.endsWith('.key')))
      expect(readFileSync(join(keys.dir, name), 'utf8')).not.toBe(old)
    expect(await errorOf(() => retireKey(keys.dir))).toMatchObject({ code: 'TRAILPROOF_KEY_MISSING' })
    expect(await life(dir, keys)).toMatchObject({ vkey: before.vkey, size: expect.any(Number) })

    const rotated = records(dir).filter(({ event }) => event === 'audit.key_rotated')
    expect(rotated.map(({ seq, data }) => [seq, data.previous, data.next.split('+')[0]])).toEqual([
      [5, before.vkey, `shop${before.origin.slice(4)}`],
    ])
    for (const pins of [[before.vkey], [first], [readFileSync(next.publicKeyFile, 'utf8')], []]) {
      const report = await verifyRoot(join(dir, 'audit'), { keys: pins })
      expect(report).toMatchObject({ ok: true, logs: [{ problems: [], keys: [{ from: 0, to: 6 }, { from: 7 }] }] })
    }
    expect((await verifyRoot(join(dir, 'audit'), { keys: [next.publicKey] })).logs[0]!.notes).toContainEqual(
      expect.objectContaining({ kind: 'key_not_given' }),
    )
  })

  it('of a key in the environment', async () => {
    const dir = temporaryFolder()
    const pem = () => generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }) as string
    const [first, second] = [pem(), pem()]
    onTestFinished(() => void vi.unstubAllEnvs())
    const { root, store } = memoryKeys()
    const keys = { root, store, dir: join(dir, 'nowhere') }
    vi.stubEnv('TRAILPROOF_SIGNING_KEY', first)
    const { vkey } = await life(dir, keys)
    vi.stubEnv('TRAILPROOF_SIGNING_KEY', second)
    vi.stubEnv('TRAILPROOF_PREVIOUS_SIGNING_KEY', first)
    expect(await life(dir, keys)).toMatchObject({ vkey })
    vi.stubEnv('TRAILPROOF_PREVIOUS_SIGNING_KEY', '')
    expect(await life(dir, keys)).toMatchObject({ vkey })
    expect(await verifyRoot(join(dir, 'audit'), { keys: [vkey] })).toMatchObject({ ok: true, logs: [{ unsigned: 0 }] })
  })

  it('from a file to a signer in another place, and from that to the next', async () => {
    const dir = temporaryFolder()
    const { signing: file, root, store } = memoryKeys()
    const [one, two] = [fakeKms(), fakeKms()]
    const { vkey } = await life(dir, { root, store, signing: file })
    await life(dir, { root, store, signing: one, previousSigning: file })
    await life(dir, { root, store, signing: two, previousSigning: one })
    await life(dir, { root, store, signing: two })
    const { ok, logs } = await verifyRoot(join(dir, 'audit'), { keys: [vkey] })
    expect([ok, logs.length, logs[0]!.keys?.length, logs[0]!.unsigned]).toEqual([true, 1, 3, 0])
  })

  it('that cannot be finished leaves the log with its old key, and goes on at the next start', async () => {
    const dir = temporaryFolder()
    const { root, store } = memoryKeys()
    const [one, two] = [fakeKms(), fakeKms()]
    const { vkey } = await life(dir, { root, store, signing: one })
    one.away = 'rejects'
    const keys = { root, store, signing: two, previousSigning: one }
    const audit = createAudit({ service: 'shop', writer: fileWriter(join(dir, 'audit')), keys, heartbeatEveryMs: 0 })
    await audit.record({ event: 'login.failed' })
    expect(await errorOf(() => audit.close())).toMatchObject({ code: 'TRAILPROOF_SIGNER_FAILED', record: 'written' })
    expect(two.asked).toBe(0)
    one.away = 'no'
    await life(dir, keys)
    await life(dir, { root, store, signing: two })
    const { ok, logs } = await verifyRoot(join(dir, 'audit'), { keys: [vkey] })
    expect([ok, logs.length, logs[0]!.notes.map(({ kind }) => kind)]).toEqual([
      true,
      1,
      expect.arrayContaining(['recovered', 'rotation_unconfirmed']),
    ])
  })
})
