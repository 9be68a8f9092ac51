import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import {
  logFiles,
  makeSigner,
  planOf,
  removeTempDirs,
  renamed,
  tempDir,
  writeLog,
} from '../../core/test/verify/fixture.js'
import { begin, run } from './run.js'

const signer = makeSigner()
const root = tempDir()
const running: ChildProcess[] = []

beforeAll(() => {
  for (const name of ['shop-0', 'shop-1'])
    writeLog(logFiles(planOf(renamed(signer, `shop/7f3a/${name}`), 300)), join(root, name))
})
afterEach(async () => {
  for (const child of running.splice(0)) {
    if (child.exitCode !== null) continue
    child.kill('SIGKILL')
    await once(child, 'exit')
  }
})
afterAll(removeTempDirs)

async function started(...args: string[]): Promise<{ child: ChildProcess; lines: string[] }> {
  const child = begin(['serve', '--port', '0', ...args])
  running.push(child)
  const lines: string[] = []
  const reader = createInterface(child.stdout!)
  reader.on('line', (line) => lines.push(line))
  await once(reader, 'line')
  return { child, lines }
}

test('says where it listens and who can read, serves the logs of a root, and ends on SIGTERM with 0', async () => {
  const { child, lines } = await started('--tiles', root)
  const url =
    /^serving at (http:\/\/127\.0\.0\.1:\d+\/) \(whoever has an account on this machine can read the records\)$/.exec(
      lines[0]!,
    )![1]!
  const note = await fetch(`${url}shop-1/checkpoint`)
  expect(await note.text()).toMatch(/^shop\/7f3a\/shop-1\n300\n/)
  expect((await (await fetch(url)).json()) as object).toMatchObject({
    logs: [{ path: '/shop-0/' }, { path: '/shop-1/' }],
  })
  expect((await fetch(`${url}shop-0/checkpoint`, { method: 'POST', body: 'x' })).status).toBe(405)
  child.kill('SIGTERM')
  expect(await once(child, 'exit')).toEqual([0, null])
})

test('with --json, one line says where each log is', async () => {
  const { lines } = await started('--tiles', join(root, 'shop-0'), '--json')
  const { url, logs } = JSON.parse(lines[0]!)
  expect(logs).toEqual([{ path: '/', origin: 'shop/7f3a/shop-0', size: 300, url }])
  expect((await fetch(`${url}tile/0/000`)).headers.get('content-length')).toBe('8192')
})

test('an address that others can reach is refused without --public, and named as such with it', async () => {
  for (const host of ['0.0.0.0', '::', '192.0.2.1', 'shop.example', '127.evil.example']) {
    const { code, out, err } = run(['serve', '--tiles', root, '--port', '0', '--host', host])
    expect({ host, code, out, err }).toEqual({
      host,
      code: 2,
      out: '',
      err: expect.stringMatching(/^TRAILPROOF_OPTION_INVALID: .* whoever reaches it reads the records .*--public/),
    })
  }
  const { lines } = await started('--tiles', root, '--host', '0.0.0.0', '--public')
  expect(lines[0]).toMatch(/\(whoever can reach this address can read the records\)$/)
})

test('what cannot be done: exit 2 and a code', async () => {
  const taken = createServer().listen(0, '127.0.0.1')
  await once(taken, 'listening')
  const { port } = taken.address() as AddressInfo
  const cases: [string[], string][] = [
    [['serve'], 'TRAILPROOF_OPTION_INVALID'],
    [['serve', '--tiles', tempDir()], 'TRAILPROOF_LOG_NOT_FOUND'],
    [['serve', '--tiles', root, '--port', String(port)], 'TRAILPROOF_OPTION_INVALID'],
    [['serve', '--tiles', root, '--port', '70000'], 'TRAILPROOF_OPTION_INVALID'],
    [['serve', '--tiles', root, '--key', 'nonsense'], 'TRAILPROOF_KEY_INVALID'],
  ]
  for (const [args, code] of cases)
    expect({ args, ...run(args) }).toMatchObject({ args, code: 2, err: expect.stringMatching(`^${code}: `) })
  taken.close()
})
