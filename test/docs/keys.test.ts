// docs/keys.md does what it says: its signer block runs against a signer process, its rotation runs as typed.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { blocksOf } from './blocks.js'

const root = join(import.meta.dirname, '..', '..')
const blocks = blocksOf(readFileSync(join(root, 'docs', 'keys.md'), 'utf8'))
const path = join(root, 'node_modules', '.bin') + delimiter + process.env['PATH']

const SIGNER = `
import { generateKeyPairSync, sign } from 'node:crypto'
import { createServer } from 'node:http'
const { privateKey, publicKey } = generateKeyPairSync('ed25519')
createServer(async (request, response) => {
  const body = Buffer.concat(await request.toArray())
  response.end(request.url === '/sign' ? sign(null, body, privateKey) : publicKey.export({ format: 'der', type: 'spki' }).subarray(-32))
}).listen(0, '127.0.0.1', function () { console.log(this.address().port) })`

let folder: string
let signer: ChildProcess
let url: string
beforeAll(async () => {
  const cache = join(root, 'node_modules', '.cache')
  mkdirSync(cache, { recursive: true })
  folder = mkdtempSync(join(cache, 'keys-'))
  signer = spawn(process.execPath, ['--input-type=module', '-e', SIGNER], { stdio: ['ignore', 'pipe', 'inherit'] })
  const port = await new Promise<string>((resolve) =>
    signer.stdout!.once('data', (text) => resolve(String(text).trim())),
  )
  url = `http://127.0.0.1:${port}`
})
afterAll(() => {
  signer.kill()
  rmSync(folder, { recursive: true, force: true })
})

function run(cwd: string, command: string, args: string[], more: Record<string, string> = {}) {
  const env = { ...process.env, PATH: path, NODE_ENV: 'test', ...more }
  const { status, stdout, stderr } = spawnSync(command, args, { cwd, env, encoding: 'utf8', timeout: 60_000 })
  return { status, stdout, stderr: status === 0 ? '' : stderr }
}

it('the signer block signs with a key in another process, and its log verifies with that key', async () => {
  const [block, ...others] = blocks.filter(({ language }) => language === 'js')
  expect(others).toEqual([])
  const cwd = join(folder, 'kms')
  mkdirSync(cwd)
  writeFileSync(join(cwd, 'block.mjs'), `${block!.code}\nawait audit.close()\n`)
  expect(run(cwd, process.execPath, ['block.mjs'], { SIGNER_URL: url })).toMatchObject({ status: 0 })
  const key = Buffer.from(await (await fetch(`${url}/public-key`)).arrayBuffer()).toString('base64')
  const verified = run(cwd, 'npx', ['trailproof', 'verify', 'audit', '--key', key])
  expect(verified).toMatchObject({ status: 0, stdout: expect.stringContaining('shop-0: ok') })
  expect(readFileSync(join(cwd, 'audit/shop-0/seg/00000000000000000000.jsonl'), 'utf8')).toContain(
    '"sign_every_ms":60000',
  )
}, 120_000)

it('the rotation works as typed, with a restart between its two commands', () => {
  const cwd = join(folder, 'rotation')
  mkdirSync(cwd)
  const code = `import { createAudit, fileWriter } from '@trailproof/core'
const audit = createAudit({ service: 'shop', writer: fileWriter('./audit') })
await audit.record({ event: 'login.failed' })
await audit.close()`
  writeFileSync(join(cwd, 'service.mjs'), code)
  const serve = () => expect(run(cwd, process.execPath, ['service.mjs'])).toMatchObject({ status: 0, stderr: '' })
  serve()
  const first = join(cwd, 'first.pub')
  writeFileSync(first, readFileSync(join(cwd, '.trailproof', 'signing.pub')))
  const lines = blocks.filter(({ language }) => language === 'sh').flatMap(({ code }) => code.trim().split('\n'))
  expect(lines).toHaveLength(2)
  for (const line of lines) {
    expect(run(cwd, 'sh', ['-c', line])).toMatchObject({ status: 0, stderr: '' })
    serve()
  }
  expect(run(cwd, 'npx', ['trailproof', 'verify', 'audit', '--key', first])).toMatchObject({
    status: 0,
    stdout: expect.stringContaining('signs up to size'),
  })
}, 180_000)

it('names every option of a signer with its default', () => {
  const page = readFileSync(join(root, 'docs', 'keys.md'), 'utf8')
  for (const [name, value] of [
    ['signEveryMs', '60,000'],
    ['signTimeoutMs', '3,000'],
    ['maxUnsignedMs', '900,000'],
    ['maxUnsignedRecords', '100,000'],
  ])
    expect(page).toMatch(new RegExp(`\\| \`${name}\` \\|[^|]+\\| ${value} \\|`))
})
