// docs/proofs.md shows what its commands print: each shell block is run, and compared with the text block behind it.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll, expect, it } from 'vitest'
import { type Block, blocksOf } from './blocks.js'

const root = join(import.meta.dirname, '..', '..')
const cache = join(root, 'node_modules', '.cache')
mkdirSync(cache, { recursive: true })
const folder = mkdtempSync(join(cache, 'proofs-'))
let server: ChildProcess | undefined
afterAll(() => {
  server?.kill()
  rmSync(folder, { recursive: true, force: true })
})

const bin = join(root, 'packages', 'cli', 'bin', 'trailproof.js')
const env = {
  ...process.env,
  PATH: join(root, 'node_modules', '.bin') + delimiter + process.env['PATH'],
  NODE_ENV: 'test',
}

const LOG = `
import { createAudit, fileWriter } from '@trailproof/core'
const audit = createAudit({ service: 'shop', writer: fileWriter('./audit') })
for (let i = 0; i < 600; i++) await audit.record({ event: 'login.failed', claimed: 'p' + i }, { wait: 'queued' })
await audit.close()
`

// Keys are new in each run, and so are origin, root and port; the numbers of what the audit says of itself may change.
const comparable = (text: string) =>
  text
    .replace(/[A-Za-z0-9+/]{43}=/g, '<hash>')
    .replace(/shop\/[0-9a-f]{12}\//g, 'shop/<id>/')
    .replace(/\d+/g, '<n>')
    .trim()

let port = ''

async function outputOf({ code }: Block): Promise<string> {
  if (code.startsWith('npx trailproof serve ')) return served(code.trim().split(' ').slice(2))
  if (code.startsWith('curl -s ')) return (await fetch(code.slice(8).trim().replace('8620', port))).text()
  const { status, stdout, stderr } = spawnSync('sh', ['-ec', code], {
    cwd: folder,
    env,
    encoding: 'utf8',
    timeout: 60_000,
  })
  expect({ code, status, stderr: status ? stderr : '' }).toEqual({ code, status: 0, stderr: '' })
  return stdout
}

async function served(args: string[]): Promise<string> {
  server = spawn(process.execPath, [bin, ...args, '--port', '0'], {
    cwd: folder,
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const lines: string[] = []
  const reader = createInterface(server.stdout!)
  reader.on('line', (line) => lines.push(line))
  while (lines.length < 2) await once(reader, 'line')
  port = /127\.0\.0\.1:(\d+)/.exec(lines[0]!)![1]!
  return lines.join('\n')
}

it('docs/proofs.md shows what its commands print', async () => {
  writeFileSync(join(folder, 'log.mjs'), LOG)
  const made = spawnSync(process.execPath, ['log.mjs'], { cwd: folder, env, encoding: 'utf8', timeout: 60_000 })
  expect(made.status, made.stderr).toBe(0)
  const blocks = blocksOf(readFileSync(join(root, 'docs', 'proofs.md'), 'utf8'))
  expect(blocks.map(({ language }) => language).join(' ')).toMatch(/^(sh text ?){8}$/)
  for (let i = 0; i < blocks.length; i += 2)
    expect(comparable(await outputOf(blocks[i]!)), blocks[i]!.code).toBe(comparable(blocks[i + 1]!.code))
}, 240_000)
