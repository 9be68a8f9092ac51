// How it starts, and how it keeps out of the way: nothing here may stop an application, or change what it answers.

import { spawnSync } from 'node:child_process'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, it } from 'vitest'
import { AUTO, app, begin, checkBuild, facts, folder, logs, put, run, said } from './process.js'

beforeAll(checkBuild)

const SIGN = `import jwt from 'jsonwebtoken'
jwt.verify(jwt.sign({ n: 1 }, 'of the test'.repeat(4)), 'of the test'.repeat(4))
console.log('signed')
`
const ONCE = ['token.issued', 'token.verified']

describe('configuration', () => {
  it.each([
    ['trailproof.config.js', "module.exports = { service: 'given', writer: './logs' }"],
    ['trailproof.config.cjs', "module.exports = { service: 'given', writer: './logs' }"],
    ['trailproof.config.mjs', "export default { service: 'given', writer: './logs' }"],
    [
      'trailproof.config.mjs',
      "import { fileWriter } from '@trailproof/core'\nexport default { service: { name: 'given' }, writer: fileWriter('./logs') }",
    ],
    [
      'trailproof.config.ts',
      "import type { AutoConfig } from '@trailproof/auto'\nconst service: string = 'given'\nexport default { service, writer: './logs' } satisfies AutoConfig",
    ],
    ['trailproof.config.json', '{ "service": "given", "writer": "./logs" }'],
  ])('%s', async (file, text) => {
    const at = folder({ 'app.mjs': SIGN, [file]: text })
    const ran = await run(at, [...AUTO, 'app.mjs'])
    expect(ran).toEqual({ code: 0, signal: null, stdout: 'signed\n', stderr: '' })
    expect(logs(at, 'logs').names).toEqual(['given-0'])
    expect(facts(at, 'logs')).toEqual(ONCE)
  })

  it('a CommonJS preload reads an ES module', async () => {
    const at = folder({ 'app.mjs': SIGN, 'trailproof.config.mjs': "export default { service: 'given' }" })
    const ran = await run(at, ['--require', '@trailproof/auto', 'app.mjs'])
    expect(said(ran.stderr)).toEqual([])
    expect({ ...ran, stderr: '' }).toMatchObject({ code: 0, stdout: 'signed\n' })
    expect(logs(at).names).toEqual(['given-0'])
  })

  it('the environment alone is enough, and wins', async () => {
    const at = folder({
      'app.mjs': SIGN,
      'elsewhere.json': '{ "service": "given", "writer": "./logs", "device": "off" }',
    })
    const ran = await run(at, [...AUTO, 'app.mjs'], {
      TRAILPROOF_CONFIG: 'elsewhere.json',
      TRAILPROOF_SERVICE: 'shop',
      TRAILPROOF_KEYS: 'keys',
      TRAILPROOF_RETENTION_DAYS: '400',
    })
    expect(ran).toMatchObject({ code: 0, stderr: '' })
    expect(logs(at, 'logs').names).toEqual(['shop-0'])
    const started = logs(at, 'logs').records.find(({ event }) => event === 'audit.started')
    expect(started?.data).toMatchObject({ device: { mode: 'off' }, retention: { days: 400 } })
  })

  it('users of a database whose id has another name', async () => {
    const signIn = `import passport from 'passport'
import { Strategy } from 'passport-local'
import express from 'express'
passport.use(new Strategy((_n, _p, done) => done(null, { _id: { toString: () => 'u-77' } })))
const app = express().use(express.json(), passport.initialize())
app.post('/login', passport.authenticate('local', { session: false }), (_req, res) => res.end())
const server = app.listen(0, async () => {
  await fetch('http://127.0.0.1:' + server.address().port + '/login', { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"username":"a","password":"b"}' })
  server.close()
  server.closeAllConnections()
})`
    const at = folder({ 'app.mjs': signIn })
    await run(at, [...AUTO, 'app.mjs'], { TRAILPROOF_IDENTIFY: '_id' })
    const [record] = logs(at).records.filter(({ event }) => event === 'login.succeeded')
    expect(record).toMatchObject({ actor: { ref: expect.any(String) } })
  })

  it('leaves alone what it is told to', async () => {
    const at = folder({ 'app.mjs': SIGN, 'trailproof.config.json': '{ "hooks": { "jwt": false } }' })
    const ran = await run(at, [...AUTO, 'app.mjs'])
    expect(ran).toMatchObject({ code: 0, stderr: '' })
    expect(logs(at).names).toEqual([])
  })
})

describe('an audit that cannot be had', () => {
  it.each([
    [
      'a configuration that does not parse',
      'TRAILPROOF_CONFIG_UNREADABLE',
      { 'trailproof.config.mjs': 'export default {' },
      {},
    ],
    ['one that throws', 'TRAILPROOF_CONFIG_UNREADABLE', { 'trailproof.config.cjs': "throw new Error('no vault')" }, {}],
    ['JSON with a comma too many', 'TRAILPROOF_CONFIG_UNREADABLE', { 'trailproof.config.json': '{,}' }, {}],
    ['a file that is not there', 'TRAILPROOF_CONFIG_UNREADABLE', {}, { TRAILPROOF_CONFIG: 'nowhere.json' }],
    ['TypeScript with a fault', 'TRAILPROOF_CONFIG_UNREADABLE', { 'trailproof.config.ts': 'export default {{' }, {}],
    ['an unknown option', 'TRAILPROOF_OPTION_INVALID', { 'trailproof.config.json': '{ "servcie": "shop" }' }, {}],
    [
      'an unknown hook',
      'TRAILPROOF_OPTION_INVALID',
      { 'trailproof.config.json': '{ "hooks": { "pasport": {} } }' },
      {},
    ],
    ['a list', 'TRAILPROOF_OPTION_INVALID', { 'trailproof.config.json': '[]' }, {}],
    ['a folder that is a file', 'TRAILPROOF_FOLDER_UNWRITABLE', { audit: 'a file' }, {}],
    ['no keys in production', 'TRAILPROOF_KEY_MISSING', {}, { NODE_ENV: 'production' }],
  ])(
    '%s: one line, and the application runs',
    async (_title, code, files, env) => {
      const at = folder({ ...app('express', 'mjs'), ...(files as Record<string, string>) })
      const off = await run(at, ['app.mjs'], env as Record<string, string>)
      const on = await run(at, [...AUTO, 'app.mjs'], env as Record<string, string>)
      expect(JSON.parse(on.stdout)).toEqual(JSON.parse(off.stdout))
      expect(on.code).toBe(0)
      expect(said(on.stderr)).toEqual([
        expect.stringMatching(`^trailproof: ${code}: .*the application runs without an audit$`),
      ])
      expect(on.stderr.split('\n').filter((line) => line && !line.startsWith('trailproof:'))).toEqual(
        off.stderr.split('\n').filter(Boolean),
      )
      expect(logs(at).names).toEqual([])
    },
    30_000,
  )
})

describe('once, and not beside another', () => {
  it('preloaded three times, in both forms, records once', async () => {
    const at = folder({ 'app.mjs': SIGN })
    const ran = await run(at, ['--require', '@trailproof/auto', ...AUTO, ...AUTO, 'app.mjs'])
    expect(ran).toMatchObject({ code: 0, stderr: '' })
    expect(facts(at)).toEqual(ONCE)
    expect(logs(at).names).toHaveLength(1)
  })

  const MANUAL = `const audit = createAudit({ service: 'manual', writer: fileWriter('./audit') })
auditJwt(audit, jwt)
jwt.verify(jwt.sign({ n: 1 }, 'of the test'.repeat(4)), 'of the test'.repeat(4))
await audit.close()
`
  const IMPORTS = `import jwt from 'jsonwebtoken'
import { createAudit, fileWriter } from '@trailproof/core'
import { auditJwt } from '@trailproof/jwt'
`
  it('steps back for an audit of the application, before it has made a log', async () => {
    const at = folder({ 'app.mjs': IMPORTS + MANUAL })
    const ran = await run(at, [...AUTO, 'app.mjs'])
    expect(ran.code).toBe(0)
    expect(said(ran.stderr)).toEqual([expect.stringMatching(/^trailproof: TRAILPROOF_STEPPED_BACK: /)])
    expect(logs(at).names).toEqual(['manual-0'])
    expect(facts(at)).toEqual(ONCE)
  })

  it('steps back later too: its own log ends in good order', async () => {
    const late = `${IMPORTS}jwt.sign({ n: 0 }, 'of the test'.repeat(4))
await new Promise((done) => setTimeout(done, 300))
${MANUAL}await new Promise((done) => setTimeout(done, 300))
`
    const at = folder({ 'app.mjs': late })
    const ran = await run(at, [...AUTO, 'app.mjs'])
    expect(ran.code).toBe(0)
    const { names, records } = logs(at)
    expect(names.sort()).toEqual(['acme-shop-api-0', 'manual-0'])
    const own = records.filter(({ service }) => service.name === 'acme-shop-api')
    expect(own.map(({ event }) => event).filter((event) => event !== 'audit.heartbeat')).toEqual([
      'audit.started',
      'token.issued',
      'audit.stopped',
    ])
    expect(records.filter(({ service }) => service.name === 'manual').map(({ event }) => event)).toEqual(
      expect.arrayContaining(ONCE),
    )
  })

  it('`import` and `require` of a session library give one and the same function', async () => {
    const at = folder({
      'app.mjs': `import { createRequire } from 'node:module'
import session, { Store } from 'express-session'
const other = createRequire(import.meta.url)('express-session')
console.log(session === other, session.name, session.length, session.Store === Store, new session.MemoryStore() instanceof Store)
`,
    })
    const [off, on] = [await run(at, ['app.mjs']), await run(at, [...AUTO, 'app.mjs'])]
    expect(on).toEqual(off)
    expect(on.stdout).toBe('true session 1 true true\n')
  })

  it('every instance of passport that the application makes is hooked', async () => {
    const text = (await import('node:fs')).readFileSync(join(import.meta.dirname, 'apps', 'express.mjs'), 'utf8')
    const own = text.replace(
      "import passport from 'passport'",
      "import { Passport } from 'passport'\nconst passport = new Passport()",
    )
    const at = folder({ ...app('express', 'mjs'), 'app.mjs': own })
    const ran = await run(at, [...AUTO, 'app.mjs'])
    expect(said(ran.stderr)).toEqual([])
    expect(facts(at)).toEqual(expect.arrayContaining(['login.failed rejected', 'login.succeeded', 'logout.succeeded']))
  })

  it('does nothing in worker threads, in processes that load none of these libraries, and when switched off', async () => {
    const at = folder({
      'plain.mjs': "console.log('plain')",
      'workers.mjs': `import { Worker } from 'node:worker_threads'
new Worker("require('jsonwebtoken').sign({}, 'x'.repeat(40))", { eval: true }).on('exit', (code) => console.log('worker', code))`,
      'app.mjs': SIGN,
    })
    expect(await run(at, [...AUTO, 'plain.mjs'])).toMatchObject({ code: 0, stdout: 'plain\n', stderr: '' })
    expect(await run(at, [...AUTO, 'workers.mjs'])).toMatchObject({ code: 0, stdout: 'worker 0\n', stderr: '' })
    expect(await run(at, [...AUTO, 'app.mjs'], { TRAILPROOF_AUTO: 'off' })).toMatchObject({ code: 0, stderr: '' })
    expect(logs(at).names).toEqual([])
  })

  it('says once that a bundle hides its libraries', async () => {
    const at = folder({
      'app.mjs': `import { createServer } from 'node:http'
const server = createServer((_req, res) => res.end('ok')).listen(0, async () => {
  const base = 'http://127.0.0.1:' + server.address().port
  console.log(await (await fetch(base)).text(), await (await fetch(base)).text())
  server.close()
  server.closeAllConnections()
})`,
    })
    const ran = await run(at, [...AUTO, 'app.mjs'])
    expect(ran).toMatchObject({ code: 0, stdout: 'ok ok\n' })
    expect(said(ran.stderr)).toEqual([expect.stringMatching(/^trailproof: TRAILPROOF_NOTHING_HOOKED: .*bundle/)])
  })
})

describe('the end', () => {
  const SERVER = `import express from 'express'
import passport from 'passport'
import { Strategy } from 'passport-local'
passport.use(new Strategy((_n, word, done) => done(null, word === 'right' ? { id: 'u-1' } : false)))
const app = express().use(express.json(), passport.initialize())
app.post('/login', passport.authenticate('local', { session: false }), (_req, res) => res.end('in'))
app.post('/leave', passport.authenticate('local', { session: false }), (_req, res) => res.end('in', () => process.exit(0)))
const server = app.listen(0, () => process.send(server.address().port))
`
  const login = (port: number, path = '/login') =>
    fetch(`http://127.0.0.1:${port}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ username: 'ann', password: 'right' }),
    }).then((response) => response.status)

  const verify = (at: string) => {
    const bin = fileURLToPath(new URL('../../packages/cli/bin/trailproof.js', import.meta.url))
    return spawnSync(process.execPath, [bin, 'verify', 'audit', '--key', '.trailproof/signing.pub'], {
      cwd: at,
      encoding: 'utf8',
    })
  }

  it.each([
    ['no listener of its own', '', { code: null, signal: 'SIGTERM' }],
    ['a listener that ends it', "process.on('SIGTERM', () => process.exit(7))\n", { code: 7, signal: null }],
  ])(
    'SIGTERM under load, %s: whatever was answered is there, and the log verifies',
    async (_title, more, end) => {
      const at = folder({ 'app.mjs': more + SERVER })
      const child = begin(at, [...AUTO, 'app.mjs'])
      const port = await new Promise<number>((resolve) => child.once('message', (given) => resolve(given as number)))
      let answered = 0
      const visitors = Array.from({ length: 4 }, async () => {
        for (;;) {
          if ((await login(port)) !== 200) throw new Error('refused')
          answered++
        }
      })
      setTimeout(() => child.kill('SIGTERM'), 400)
      await Promise.allSettled(visitors)
      expect(await child.ended).toMatchObject(end)
      expect(answered).toBeGreaterThan(3)
      expect(facts(at).filter((event) => event === 'login.succeeded').length).toBeGreaterThanOrEqual(answered)
      expect(verify(at)).toMatchObject({ status: 0 })
    },
    30_000,
  )

  it('process.exit() in the turn after the answer', async () => {
    const at = folder({ 'app.mjs': SERVER })
    const child = begin(at, [...AUTO, 'app.mjs'])
    const port = await new Promise<number>((resolve) => child.once('message', (given) => resolve(given as number)))
    expect(await login(port, '/leave')).toBe(200)
    expect(await child.ended).toMatchObject({ code: 0, stderr: '' })
    expect(facts(at)).toEqual(['login.succeeded'])
    expect(verify(at)).toMatchObject({ status: 0 })
  })

  it('process.exit() before anything could be written, and a throw: the same end as without', async () => {
    const at = folder({ 'exit.mjs': `${SIGN}process.exit(3)`, 'throw.mjs': `${SIGN}throw new Error('out of order')` })
    expect(await run(at, [...AUTO, 'exit.mjs'])).toEqual({ code: 3, signal: null, stdout: 'signed\n', stderr: '' })
    const thrown = await run(at, [...AUTO, 'throw.mjs'])
    expect(thrown).toMatchObject({ code: 1, stderr: expect.stringContaining('out of order') })
    expect(facts(at)).toEqual([...ONCE, ...ONCE])
    expect(verify(at)).toMatchObject({ status: 0 })
  })

  it('a port that is taken ends the application as it would without', async () => {
    const taken = createServer().listen(0, '127.0.0.1')
    await new Promise((done) => taken.once('listening', done))
    const { port } = taken.address() as { port: number }
    const at = folder({
      'app.mjs': `import express from 'express'\nexpress().listen(${port}, '127.0.0.1', (error) => { if (error) throw error })`,
    })
    put(at, 'old.mjs', '')
    const [off, on] = [await run(at, ['app.mjs']), await run(at, [...AUTO, 'app.mjs'])]
    taken.close()
    expect(on.code).toBe(off.code)
    expect(on.stderr).toContain('EADDRINUSE')
  })
})
