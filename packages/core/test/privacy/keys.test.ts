import { execFile } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { fileKeyStore, generateKeys } from '../../src/index.js'
import { loadKeys } from '../../src/privacy/keys.js'
import { errorOf, temporaryFolder } from '../support.js'

const mode = (path: string) => (statSync(path).mode & 0o777).toString(8)
const pem = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }) as string

describe('in development', () => {
  it('keys are made once, for their owner alone, and are the same at the next start', () => {
    const dir = join(temporaryFolder(), 'a', 'b')
    const first = loadKeys({ dir }, {})
    expect([dir, 'root.key', 'signing.key'].map((file) => mode(join(dir, file === dir ? '' : file)))).toEqual([
      '700',
      '600',
      '600',
    ])
    expect(readdirSync(dir).sort()).toEqual(['root.key', 'signing.key', 'signing.pub'])
    const again = loadKeys({ dir }, {})
    expect(again.ids).toEqual(first.ids)
    expect(again.derive('x')).toEqual(first.derive('x'))
    expect(first.derive('x')).not.toEqual(first.derive('y'))
  })

  it('keygen makes keys, and never touches those that are there', async () => {
    const dir = join(temporaryFolder(), 'keys')
    const made = generateKeys(dir)
    expect(loadKeys({ dir }, {}).signing.publicKey).toEqual(Buffer.from(made.publicKey, 'base64'))
    const before = made.files.map((file) => readFileSync(file, 'utf8'))
    expect(await errorOf(() => generateKeys(dir))).toMatchObject({ code: 'TRAILPROOF_KEY_INVALID', path: dir })
    expect(made.files.map((file) => readFileSync(file, 'utf8'))).toEqual(before)
  })
})

describe('in production', () => {
  it('missing keys stop the start, with the command that makes them, and nothing is written', async () => {
    const dir = join(temporaryFolder(), 'keys')
    const error = await errorOf(() => loadKeys({ dir }, { NODE_ENV: 'production' }))
    expect(error).toMatchObject({ code: 'TRAILPROOF_KEY_MISSING', path: dir })
    expect(error.message).toContain('trailproof keygen')
    expect(existsSync(dir)).toBe(false)
  })

  it('keys come from the environment, in base64, base64url or hex, and PEM also with written line ends', () => {
    const root = Buffer.from('0123456789abcdef0123456789ABCDE\u00ff', 'latin1')
    const env = { NODE_ENV: 'production', TRAILPROOF_SIGNING_KEY: pem }
    const ids = ['base64', 'base64url', 'hex'].map(
      (as) =>
        loadKeys({ dir: '/nonexistent' }, { ...env, TRAILPROOF_ROOT_KEY: ` ${root.toString(as as 'hex')}\n` }).ids,
    )
    expect(new Set(ids.map((id) => JSON.stringify(id))).size).toBe(1)
    const written = loadKeys(
      { dir: '/nonexistent' },
      { ...env, TRAILPROOF_ROOT_KEY: root.toString('hex'), TRAILPROOF_SIGNING_KEY: pem.replaceAll('\n', '\\n') },
    )
    expect(written.ids).toEqual(ids[0])
  })
})

describe('keys that cannot be used are refused by name, without being quoted', () => {
  const secret = 'correct horse battery staple and some 43 ch'
  it.each<[string, (dir: string) => unknown, string]>([
    ['a root key others may read', (dir) => chmodSync(join(dir, 'root.key'), 0o640), 'TRAILPROOF_KEY_UNSAFE'],
    ['a signing key others may replace', (dir) => chmodSync(join(dir, 'signing.key'), 0o602), 'TRAILPROOF_KEY_UNSAFE'],
    ['a folder in which others may replace them', (dir) => chmodSync(dir, 0o777), 'TRAILPROOF_KEY_UNSAFE'],
    ['an empty root key', (dir) => writeFileSync(join(dir, 'root.key'), ''), 'TRAILPROOF_KEY_INVALID'],
    ['a root key cut short', (dir) => writeFileSync(join(dir, 'root.key'), 'c2hvcnQ='), 'TRAILPROOF_KEY_INVALID'],
    ['a pass phrase as root key', (dir) => writeFileSync(join(dir, 'root.key'), secret), 'TRAILPROOF_KEY_INVALID'],
    ['a pass phrase in the environment', () => ({ TRAILPROOF_ROOT_KEY: secret }), 'TRAILPROOF_KEY_INVALID'],
    ['garbage as signing key', (dir) => writeFileSync(join(dir, 'signing.key'), secret), 'TRAILPROOF_KEY_INVALID'],
    ['an RSA key', (dir) => writeFileSync(join(dir, 'signing.key'), rsa()), 'TRAILPROOF_KEY_INVALID'],
    [
      'a public key',
      (dir) => writeFileSync(join(dir, 'signing.key'), readFileSync(join(dir, 'signing.pub'))),
      'TRAILPROOF_KEY_INVALID',
    ],
    [
      'a folder where a key should be',
      (dir) => void mkdirSync(join(dir, 'x', 'root.key'), { recursive: true }),
      'TRAILPROOF_KEY_UNREADABLE',
    ],
  ])('%s', async (name, spoil, code) => {
    const dir = join(temporaryFolder(), 'keys')
    loadKeys({ dir }, {})
    const env = (spoil(dir) ?? {}) as NodeJS.ProcessEnv
    const error = await errorOf(() => loadKeys({ dir: name.startsWith('a folder where') ? join(dir, 'x') : dir }, env))
    expect(error).toMatchObject({ name: 'TrailproofError', code })
    expect(JSON.stringify([error.message, error, String(error.cause)])).not.toContain('horse')
  })

  it('options: a root key that is a string, a signing key that is no Ed25519 key', async () => {
    expect(await errorOf(() => loadKeys({ root: 'x'.repeat(32) as never }, {}))).toMatchObject({
      code: 'TRAILPROOF_KEY_INVALID',
    })
    const { privateKey } = generateKeyPairSync('x25519')
    expect(await errorOf(() => loadKeys({ root: Buffer.alloc(32), signing: privateKey as never }, {}))).toMatchObject({
      code: 'TRAILPROOF_KEY_INVALID',
    })
  })

  it('a file where the folder should be', async () => {
    const dir = join(temporaryFolder(), 'keys')
    writeFileSync(dir, '')
    expect(await errorOf(() => loadKeys({ dir }, {}))).toMatchObject({ code: 'TRAILPROOF_KEY_UNREADABLE' })
  })
})

const rsa = () =>
  generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ type: 'pkcs8', format: 'pem' }) as string

describe('the key store', () => {
  it('two stores on one folder, asked at the same time, give one account one salt and one day one key', async () => {
    const dir = temporaryFolder()
    const stores = [1, 2, 3].map(() => fileKeyStore(dir))
    for (let i = 0; i < 20; i++) {
      const account = `Acc-${String(i).padStart(2, '0')}_${'x'.repeat(15)}`
      const salts = await Promise.all([...stores, ...stores].map((store) => store.accountSalt(account)))
      expect(new Set(salts.map((salt) => salt.toString('hex'))).size).toBe(1)
      expect(salts[0]).toHaveLength(32)
    }
    const days = await Promise.all(stores.map((store) => store.dayKey('2026-11-23')))
    expect(new Set(days.map((key) => key.toString('hex'))).size).toBe(1)
    expect(await fileKeyStore(dir).dayKey('2026-11-24')).not.toEqual(days[0])
    expect(mode(join(dir, 'days', '2026-11-23.key'))).toBe('600')
    expect(mode(join(dir, 'accounts'))).toBe('700')
  })

  it('a line torn by a crash does not swallow the next', async () => {
    const dir = temporaryFolder()
    const [torn, next] = ['ABtorn'.padEnd(22, 'x'), 'ABnext'.padEnd(22, 'x')]
    await fileKeyStore(dir).accountSalt('ABseed'.padEnd(22, 'x'))
    appendFileSync(join(dir, 'accounts', 'ab.jsonl'), `\n{"account":"${torn}","salt":"abc`)
    const salt = await fileKeyStore(dir).accountSalt(next)
    expect(await fileKeyStore(dir).accountSalt(next)).toEqual(salt)
    expect(await fileKeyStore(dir).accountSalt(torn)).toHaveLength(32)
  })

  it('a damaged day key is a named error, and a day that is none touches no file', async () => {
    const dir = temporaryFolder()
    mkdirSync(join(dir, 'days'))
    writeFileSync(join(dir, 'days', '2026-01-01.key'), 'nonsense')
    expect(await errorOf(() => fileKeyStore(dir).dayKey('2026-01-01'))).toMatchObject({
      code: 'TRAILPROOF_KEY_INVALID',
    })
    expect(await errorOf(() => fileKeyStore(dir).dayKey('../../outside'))).toMatchObject({
      code: 'TRAILPROOF_EVENT_INVALID',
    })
    expect(readdirSync(join(dir, 'days'))).toEqual(['2026-01-01.key'])
  })
})

const build = new URL('../../dist/esm/index.js', import.meta.url)

it.skipIf(!existsSync(build))(
  'eight processes that start at once share one root key, one signing key and one salt',
  async () => {
    const dir = join(temporaryFolder(), 'keys')
    const program = `
    import { createAudit, memoryWriter } from ${JSON.stringify(build.href)}
    const audit = createAudit({ service: 'shop', writer: memoryWriter(), keys: { dir: ${JSON.stringify(dir)} }, heartbeatEveryMs: 0 })
    const { vkey } = await audit.ready
    console.log(JSON.stringify([vkey.split('+').slice(2).join('+'), await audit.actorRef({ id: 'u1' }), await audit.claimedRef('a@x', '2026-11-23')]))
    await audit.close()`
    const run = () =>
      promisify(execFile)(process.execPath, ['--input-type=module', '-e', program], {
        env: { PATH: process.env['PATH'] },
      })
    const said = (await Promise.all(Array.from({ length: 8 }, run))).map(({ stdout }) => stdout)
    expect(said).toEqual(said.map(() => said[0]))
    expect(said[0]).toMatch(/^\["[^"]{40,}","[\w-]{22}","[\w-]{22}"\]\n$/)
    expect(readdirSync(dir).filter((file) => file.startsWith('.'))).toEqual([])
  },
  60_000,
)

it.skipIf(!existsSync(build) || process.getuid?.() !== 0)(
  'keys that belong to another user are a named error',
  async () => {
    const dir = join(temporaryFolder(), 'keys')
    loadKeys({ dir }, {})
    chmodSync(dirname(dir), 0o755)
    const program = `
    import { createAudit, memoryWriter } from ${JSON.stringify(build.href)}
    try { createAudit({ service: 'shop', writer: memoryWriter(), keys: { dir: ${JSON.stringify(dir)} } }) } catch (error) { console.log(error.code) }`
    const run = () =>
      promisify(execFile)(process.execPath, ['--input-type=module', '-e', program], {
        uid: 65_534,
        gid: 65_534,
        cwd: '/',
        env: { PATH: process.env['PATH'] },
      })
    expect((await run()).stdout).toBe('TRAILPROOF_KEY_UNREADABLE\n') // the folder cannot be entered
    chmodSync(dir, 0o755)
    expect((await run()).stdout).toBe('TRAILPROOF_KEY_UNREADABLE\n') // the files cannot be read
  },
)
