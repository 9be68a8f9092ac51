import { appendFileSync, mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { afterAll, afterEach, expect, test, vi } from 'vitest'
import { Turns } from '../../src/publish/turns.js'
import {
  leafOf,
  logFiles,
  makeLine,
  makeNote,
  makeSigner,
  removeTempDirs,
  renamed,
  segmentPath,
  tempDir,
  writeLog,
} from '../verify/fixture.js'
import { closeServers, serving } from './http.js'
import { bundleOf, expectedFiles, signedPlan, signer } from './support.js'

afterEach(closeServers)
afterAll(removeTempDirs)

const logOf = (n: number, more = {}) => writeLog(logFiles(signedPlan(n, more)))

test.each([[{}], [{ tiles: false }], [{ rolls: [256] }], [{ rolls: [100, 300] }]])(
  'every file of an export is served from the log folder itself (%o)',
  async (more) => {
    const { get } = await serving(logOf(600, more))
    for (const [path, content] of Object.entries(expectedFiles(signedPlan(600)))) {
      const { status, headers, body } = await get(`/${path}`)
      const text = path === 'checkpoint' || path === 'log.vkey'
      expect({ path, status, body: body.toString('latin1') }).toEqual({ path, status: 200, body: content })
      expect(headers).toMatchObject({
        'content-type': text ? 'text/plain; charset=utf-8' : 'application/octet-stream',
        'cache-control': text ? 'no-cache' : 'private, max-age=31536000, immutable',
        'x-content-type-options': 'nosniff',
        'content-length': String(content.length),
      })
    }
  },
)

test('partial tiles of every earlier size are served, and none that the published tree does not have', async () => {
  const { get } = await serving(logOf(300))
  const { lines } = signedPlan(300)
  const answers = async (path: string) => (await get(path)).status
  for (const width of [1, 43, 44]) {
    expect((await get(`/tile/0/001.p/${width}`)).body).toEqual(Buffer.concat(lines.slice(256, 256 + width).map(leafOf)))
    expect((await get(`/tile/entries/001.p/${width}`)).body).toEqual(bundleOf(lines.slice(256, 256 + width)))
  }
  expect(await answers('/tile/0/000.p/255')).toBe(200)
  for (const path of [
    '0/001.p/45',
    '0/001',
    'entries/001',
    'entries/001.p/45',
    '0/002.p/1',
    '1/000.p/2',
    '1/000',
    '2/000.p/1',
  ])
    expect({ path, status: await answers(`/tile/${path}`) }).toEqual({ path, status: 404 })
})

test('a missing, emptied or cut-off tile is worked out again from the lines', async () => {
  const dir = logOf(600)
  rmSync(join(dir, 'tile/1'), { recursive: true })
  writeFileSync(join(dir, 'tile/0/000'), '')
  writeFileSync(join(dir, 'tile/0/001'), Buffer.alloc(8192))
  const { get } = await serving(dir)
  const files = expectedFiles(signedPlan(600))
  for (const path of ['tile/1/000.p/2', 'tile/0/000', 'tile/0/001'])
    expect((await get(`/${path}`)).body.toString('latin1')).toBe(files[path])
})

test('HEAD answers as GET does, without the body; anything else is not allowed', async () => {
  const { get } = await serving(logOf(10))
  const asked = await get('/tile/entries/000.p/10')
  const { status, headers, body } = await get('/tile/entries/000.p/10', {}, 'HEAD')
  expect({ status, length: headers['content-length'], body: body.length }).toEqual({
    status: 200,
    length: asked.headers['content-length'],
    body: 0,
  })
  for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH', 'TRACE']) {
    const refused = await get('/checkpoint', {}, method)
    expect({ method, status: refused.status, allow: refused.headers.allow }).toEqual({
      method,
      status: 405,
      allow: 'GET, HEAD',
    })
  }
})

test('entry bundles are compressed for whoever takes that', async () => {
  const { get } = await serving(logOf(10))
  const plain = await get('/tile/entries/000.p/10')
  expect(plain.headers).toMatchObject({ vary: 'Accept-Encoding' })
  for (const accept of ['gzip', 'br, gzip;q=0.5', 'GZIP']) {
    const { headers, body } = await get('/tile/entries/000.p/10', { 'accept-encoding': accept })
    expect(headers['content-encoding']).toBe('gzip')
    expect(gunzipSync(body)).toEqual(plain.body)
  }
  for (const accept of ['identity', 'gzip;q=0', 'gzip;q=0.0, br', 'xgzip'])
    expect(
      (await get('/tile/entries/000.p/10', { 'accept-encoding': accept })).headers['content-encoding'],
    ).toBeUndefined()
})

const HOSTILE = [
  '/../secret',
  '/shop-0/../secret',
  '/shop-0/../../secret',
  '/shop-0/%2e%2e/secret',
  '/shop-0/..%2fsecret',
  '/shop-0/..%5csecret',
  '/%2e%2e/secret',
  '/..%2fsecret',
  '/shop-0/tile/../checkpoints.log',
  '/shop-0/tile/0/../../log.vkey',
  '/shop-0/checkpoints.log',
  '/shop-0/seg/00000000000000000000.jsonl',
  '/shop-0/quarantine/',
  '/shop-0/tile/0/000%00',
  '/shop-0/tile/entries/000.p/10%00.txt',
  '/shop-0/tile/0/x999/x999/x999/x999/x999/999',
  '/shop-0/tile/0/x999/x999/x999/x999/x999/x999/x999/999',
  '/shop-0/tile/99999999999999999999/000',
  '/shop-0/tile/63/000',
  '/shop-0/tile/64/000',
  '/shop-0/tile/00/000',
  '/shop-0/tile/-1/000',
  '/shop-0/tile/0/1',
  '/shop-0/tile/0/000.p/0',
  '/shop-0/tile/0/000.p/256',
  '/shop-0/tile/0/000.p/-1',
  '/shop-0/tile/0/000.p/1e1',
  '/shop-0/tile/entries',
  '/shop-0/tile/entries/',
  '/shop-0',
  '/shop-0/',
  '/shop-0//checkpoint',
  '//shop-0/checkpoint',
  '/secret/',
  '/secret/checkpoint',
  '/.trailproof/checkpoint',
  '/shop-0.lock',
  '/__proto__/checkpoint',
  '/constructor',
  '/etc/passwd',
]

test('no path leads out of the published resources', async () => {
  const root = tempDir()
  writeLog(logFiles(signedPlan(10)), join(root, 'shop-0'))
  writeFileSync(join(root, 'secret'), 'secret')
  mkdirSync(join(root, '.trailproof'))
  writeFileSync(join(root, '.trailproof', 'checkpoint'), 'secret')
  const { raw } = await serving(root)
  for (const path of HOSTILE) {
    const text = await raw(`GET ${path} HTTP/1.1`)
    expect({ path, text }).toEqual({
      path,
      text: expect.stringMatching(/^HTTP\/1\.1 404 Not Found\r\n[\s\S]*\r\n\r\nnot found\n$/),
    })
  }
  expect(await raw('GET http://elsewhere/shop-0/checkpoint HTTP/1.1')).toMatch(/^HTTP\/1\.1 404 /)
  expect(await raw('GET /shop-0/\u0000 HTTP/1.1')).toMatch(/^HTTP\/1\.1 400 /)
  expect(await raw(`GET /${'a'.repeat(100_000)} HTTP/1.1`)).toMatch(/^HTTP\/1\.1 (?:431|404) /)
  expect(await raw('GET /shop-0/checkpoint?x=../.. HTTP/1.1')).toMatch(/^HTTP\/1\.1 200 /)
})

test('the logs of a root are listed and served by folder name, also one that begins later', async () => {
  const root = tempDir()
  const of = (name: string) => ({ ...signedPlan(10), signer: renamed(signer, `shop/7f3a/${name}`) })
  writeLog(logFiles(of('shop-0')), join(root, 'shop-0'))
  writeLog(logFiles(of('odd')), join(root, 'shop 1/?'.replace('/', '')))
  const { get } = await serving(root)
  const listed = async () => JSON.parse((await get('/')).body.toString())
  expect(await listed()).toEqual({
    logs: [
      { path: '/shop%201%3F/', origin: 'shop/7f3a/odd', size: 10 },
      { path: '/shop-0/', origin: 'shop/7f3a/shop-0', size: 10 },
    ],
  })
  expect((await get('/shop%201%3F/log.vkey')).body.toString()).toBe(`${of('odd').signer.vkey}\n`)
  expect((await get('/shop-2/checkpoint')).status).toBe(404)
  writeLog(logFiles(of('shop-2')), join(root, 'shop-2'))
  await vi.waitFor(async () => expect((await get('/shop-2/checkpoint')).status).toBe(200), 15_000)
  expect((await listed()).logs).toHaveLength(3)
})

test('a log that grows is served up to its newest checkpoint, also by what was remembered of its segments', async () => {
  const dir = logOf(300)
  const { get } = await serving(dir)
  const before = (await get('/tile/entries/001.p/44')).body
  const plan = signedPlan(700)
  appendFileSync(
    join(dir, segmentPath(0)),
    plan.lines
      .slice(300)
      .map((line) => `${line}\n`)
      .join(''),
  )
  expect((await get('/tile/entries/001')).status).toBe(404) // not signed yet
  writeFileSync(join(dir, 'checkpoint'), makeNote(signer, plan.lines.map(leafOf)))
  for (const [path, content] of Object.entries(expectedFiles(plan)))
    expect({ path, body: (await get(`/${path}`)).body.toString('latin1') }).toEqual({ path, body: content })
  expect((await get('/tile/entries/001.p/44')).body).toEqual(before)
})

test('a log that goes back, or is signed anew, is served no more', async () => {
  const dir = logOf(300)
  const errors: unknown[] = []
  const { get } = await serving(dir, { onError: (error) => errors.push(error) })
  expect((await get('/checkpoint')).status).toBe(200)
  const forked = signedPlan(300)
  forked.lines[0] = makeLine(0, { event: 'rewritten' })
  for (const plan of [signedPlan(200), forked]) {
    writeLog(logFiles(plan), dir)
    const { status, body, headers } = await get('/checkpoint')
    expect({ status, body: body.toString() }).toEqual({ status: 500, body: 'TRAILPROOF_CHECKPOINT_CORRUPT\n' })
    expect(headers['cache-control']).toBe('no-store')
    expect((await get('/tile/0/000')).status).toBe(500)
  }
  expect(errors[0]).toMatchObject({ code: 'TRAILPROOF_CHECKPOINT_CORRUPT' })
  writeLog(logFiles(signedPlan(310)), dir)
  expect((await get('/checkpoint')).status).toBe(200)
})

test('what is damaged is answered with a code, and no path of this machine', async () => {
  const cut = logOf(300, { tiles: false })
  writeFileSync(join(cut, segmentPath(0)), `${makeLine(0)}\n`)
  const unsigned = logOf(300)
  writeFileSync(join(unsigned, 'checkpoint'), 'nothing of the kind')
  const keyless = logOf(300)
  rmSync(join(keyless, 'log.vkey'))
  const circle = logOf(300, { tiles: false })
  rmSync(join(circle, segmentPath(0)))
  symlinkSync(segmentPath(0), join(circle, segmentPath(0)))
  for (const [dir, path, code] of [
    [cut, '/tile/entries/000', 'TRAILPROOF_LOG_CORRUPT'],
    [cut, '/tile/0/000', 'TRAILPROOF_LOG_CORRUPT'],
    [unsigned, '/checkpoint', 'TRAILPROOF_CHECKPOINT_CORRUPT'],
    [keyless, '/log.vkey', 'TRAILPROOF_KEY_MISSING'],
    [circle, '/tile/entries/000', 'TRAILPROOF_LOG_CORRUPT'],
  ] as const) {
    const { get } = await serving(dir)
    const { status, body } = await get(path)
    expect({ path, status, body: body.toString() }).toEqual({ path, status: 500, body: `${code}\n` })
  }
  const { get } = await serving(unsigned)
  expect(JSON.parse((await get('/')).body.toString())).toEqual({
    logs: [{ path: '/', error: 'TRAILPROOF_CHECKPOINT_CORRUPT' }],
  })
})

test('with a key given, only what it signed is served', async () => {
  const thief = renamed(makeSigner(), signer.origin)
  const dir = writeLog(logFiles({ ...signedPlan(10), signer: thief }))
  expect((await (await serving(dir)).get('/checkpoint')).status).toBe(200)
  expect((await (await serving(dir, { keys: [signer.vkey] })).get('/checkpoint')).status).toBe(500)
  await expect(serving(dir, { keys: ['nonsense'] })).rejects.toMatchObject({ code: 'TRAILPROOF_KEY_INVALID' })
})

test('a request under a name that is not its own is turned away', async () => {
  const { get } = await serving(logOf(10), { hosts: ['localhost', '127.0.0.1', '[::1]'] })
  for (const host of ['localhost', 'LOCALHOST:80', '127.0.0.1:8620', '[::1]:1', '[::1]'])
    expect({ host, status: (await get('/checkpoint', { host })).status }).toEqual({ host, status: 200 })
  for (const host of ['evil.example', 'localhost.evil.example', 'evil.example:127', '127.0.0.1.nip.io'])
    expect({ host, status: (await get('/checkpoint', { host })).status }).toEqual({ host, status: 421 })
})

test('there must be a log', async () => {
  await expect(serving(tempDir())).rejects.toMatchObject({ code: 'TRAILPROOF_LOG_NOT_FOUND' })
})

test('many at once are all answered, and nothing is left open', async () => {
  const dir = logOf(600)
  const { get } = await serving(dir)
  const open = () => readdirSync('/proc/self/fd').length
  const before = process.platform === 'linux' ? open() : 0
  const paths = Object.keys(expectedFiles(signedPlan(600)))
  const answers = await Promise.all(Array.from({ length: 200 }, (_, i) => get(`/${paths[i % paths.length]!}`)))
  expect(answers.filter(({ status }) => status !== 200)).toEqual([])
  if (process.platform === 'linux') await vi.waitFor(() => expect(open()).toBeLessThan(before + 20), 15_000)
})

test('turns: so many work, so many wait, and the rest is turned away', async () => {
  const turns = new Turns(1, 1)
  const first = await turns.take()
  const second = turns.take()
  expect(await turns.take()).toBeUndefined()
  first!()
  first!() // once is enough
  const end = await second
  expect(end).toBeTypeOf('function')
  const third = turns.take()
  expect(await turns.take()).toBeUndefined()
  end!()
  ;(await third)!()
  expect(await turns.take()).toBeTypeOf('function')
})
