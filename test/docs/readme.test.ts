// Every code block of every README runs: JavaScript as a program of its own, shell commands as typed, in an empty folder.
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { transformWithOxc } from 'vite'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Block, blocksOf } from './blocks.js'

const root = join(import.meta.dirname, '..', '..')
const packages = readdirSync(join(root, 'packages'))
const pages = ['README.md', 'CONTRIBUTING.md', 'SECURITY.md', ...packages.map((name) => `packages/${name}/README.md`)]
const workspaces = packages.map(
  (name) => JSON.parse(readFileSync(join(root, 'packages', name, 'package.json'), 'utf8')).name as string,
)

// Below the project, so that its packages resolve as they do for a user who has installed them.
let folder: string
beforeAll(() => {
  const cache = join(root, 'node_modules', '.cache')
  mkdirSync(cache, { recursive: true })
  folder = mkdtempSync(join(cache, 'docs-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const env = {
  ...process.env,
  PATH: join(root, 'node_modules', '.bin') + delimiter + process.env['PATH'],
  SESSION_SECRET: 'of the test only',
  ANNS_PASSWORD: 'of the test only',
  NODE_ENV: 'test',
}

/** Nest's. */
const DECORATORS = { decorator: { legacy: true, emitDecoratorMetadata: true } }

/** Imports a block, serves its `app` if it exports one, asks it something, and closes its `audit`. */
const DRIVER = `
const block = await import('./block.mjs')
if (block.app) {
  const server = await block.app.listen(0, '127.0.0.1')
  if (!server.listening) await new Promise((resolve) => server.on('listening', resolve))
  const url = 'http://127.0.0.1:' + server.address().port
  const login = (password) => fetch(url + '/login', { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ email: 'ann@shop.example', password }) })
  const statuses = [(await fetch(url + '/')).status, (await login('wrong')).status, (await login(process.env.ANNS_PASSWORD)).status, (await fetch(url + '/invoices.csv')).status]
  console.log('statuses', statuses.join(' '))
  server.closeAllConnections()
  if (block.app.close) await block.app.close()
  else server.close()
}
await block.audit?.close()
`

async function runScript({ code, language }: Block, at: string) {
  mkdirSync(at, { recursive: true })
  writeFileSync(
    join(at, 'block.mjs'),
    language === 'ts' ? (await transformWithOxc(code, 'block.ts', DECORATORS)).code : code,
  )
  writeFileSync(join(at, 'driver.mjs'), DRIVER)
  return spawnSync(process.execPath, ['driver.mjs'], { cwd: at, env, encoding: 'utf8', timeout: 30_000 })
}

/** Commands that install, or start the whole project, are checked for what they name instead of being run inside the tests. */
function checkNamed(line: string): boolean {
  const install = /^npm (?:install|i)\s+(?:-D |--save-dev )?(.*)$/.exec(line)
  if (install) {
    for (const name of install[1]!.split(/\s+/).filter((n) => /^(@trailproof\/|trailproof$)/.test(n)))
      expect(workspaces).toContain(name)
    return true
  }
  const script = /^npm (?:run )?([\w:]+)/.exec(line)
  if (!script) return false
  expect(Object.keys(JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).scripts)).toContain(script[1])
  return true
}

describe.each(pages.filter((page) => existsSync(join(root, page))))('%s', (page) => {
  const blocks = blocksOf(readFileSync(join(root, page), 'utf8'))
  const place = () => join(folder, page.replaceAll('/', '_'))
  const named = blocks.map((block) => ({
    ...block,
    name: `the ${block.language || 'plain'} block at line ${block.line}`,
  }))

  it('has only blocks that are run, or are output', () => {
    expect(blocks.filter(({ language }) => !['js', 'ts', 'sh', 'json', 'text', ''].includes(language))).toEqual([])
  })

  it.each(named.filter(({ language }) => ['js', 'ts'].includes(language)))('$name runs', async (block) => {
    const { status, stderr, stdout } = await runScript(block, join(place(), `line-${block.line}`))
    expect({ status, stderr: status ? stderr : '' }).toEqual({ status: 0, stderr: '' })
    if (block.code.includes("app.post('/login'")) expect(stdout).toContain('statuses 404 401 200 200')
  })

  it.each(named.filter(({ language }) => language === 'sh'))('$name works as typed', async (block) => {
    const lines = block.code.split('\n').map((line) => line.replace(/\s+#.*$/, '').trim())
    for (const line of lines.filter(Boolean)) {
      if (checkNamed(line)) continue
      // Commands follow on a log that the first block of the page has left behind.
      const cwd = await logBeforeCommands(place(), blocks)
      const { status, stderr } = spawnSync('sh', ['-c', line], { cwd, env, encoding: 'utf8', timeout: 30_000 })
      expect({ line, status, stderr: status ? stderr : '' }).toEqual({ line, status: 0, stderr: '' })
    }
  })
})

/** A folder with `audit/` and `.trailproof/` in it, as a first run leaves them. */
async function logBeforeCommands(at: string, blocks: Block[]): Promise<string> {
  const cwd = join(at, 'commands')
  if (existsSync(join(cwd, 'audit'))) return cwd
  const login = blocks.find(({ code }) => code.includes("app.post('/login'"))
  const code =
    login?.code ??
    "import { createAudit, fileWriter } from '@trailproof/core'\nexport const audit = createAudit({ service: 'shop', writer: fileWriter('./audit') })\n"
  const made = await runScript({ language: 'js', code, line: 0 }, cwd)
  expect(made.status, made.stderr).toBe(0)
  writeFileSync(join(cwd, 'app.js'), "import express from 'express'\nexpress()\n") // of somebody who never heard of us
  return cwd
}

describe('the record in the README', () => {
  it('has the fields of a record that the first program writes today', () => {
    const [json] = blocksOf(readFileSync(join(root, 'README.md'), 'utf8')).filter(({ language }) => language === 'json')
    const shown = JSON.parse(json!.code)
    expect(Object.keys(shown)).toEqual([
      'v',
      'seq',
      'id',
      'time',
      'event',
      'outcome',
      'severity',
      'source',
      'hook',
      'n',
      'actor',
      'auth',
      'client',
      'http',
      'service',
    ])
    expect(shown.time).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/)
  })

  it('is followed by what verify really says about an altered copy', async () => {
    const cwd = join(folder, 'proof')
    const login = blocksOf(readFileSync(join(root, 'README.md'), 'utf8')).find(({ code }) =>
      code.includes("app.post('/login'"),
    )
    expect((await runScript(login!, cwd)).status).toBe(0)
    execFileSync('sed', ['-i', '2s/login/logim/', 'audit/shop-0/seg/00000000000000000000.jsonl'], { cwd })
    const { status, stdout } = spawnSync('npx', ['trailproof', 'verify', 'audit', '--key', '.trailproof/signing.pub'], {
      cwd,
      env,
      encoding: 'utf8',
    })
    expect(status).toBe(1)
    const text = blocksOf(readFileSync(join(root, 'README.md'), 'utf8')).find(({ language }) => language === 'text')!
    for (const line of text.code.split('\n').filter((l) => l.trim() && !l.includes('exit')))
      expect(stdout).toContain(line.trim())
  })
})
