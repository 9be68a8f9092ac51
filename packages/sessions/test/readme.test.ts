// The README's code runs as it stands there.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { Browser } from './support/app.js'

const file = (path: string) => readFileSync(fileURLToPath(new URL(path, import.meta.url)), 'utf8')

it('the application of the README records a sign-in and a sign-out', async () => {
  expect(/```ts\n([\s\S]*?)```/.exec(file('../README.md'))?.[1]).toBe(file('./support/readme.ts'))
  const folder = mkdtempSync(join(tmpdir(), 'trailproof-readme-'))
  const before = process.cwd()
  process.chdir(folder)
  try {
    const { app, audit } = await import('./support/readme.js')
    const server = createServer(app)
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const browser = new Browser(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
    expect((await browser.get('/login')).body).toBe('hello')
    expect((await browser.get('/logout')).body).toBe('bye')
    server.close()
    await audit.close()
    const log = readFileSync(join(folder, 'audit/shop-0/seg/00000000000000000000.jsonl'), 'utf8')
    const events = log
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line).event as string)
    expect(events.filter((event) => event.startsWith('session.'))).toEqual(['session.created', 'session.ended'])
  } finally {
    process.chdir(before)
    rmSync(folder, { recursive: true, force: true })
  }
})

it('every reason and event of the README is one that the code gives', () => {
  const sources = ['presented', 'stored', 'rotation', 'refusal', 'cookie', 'ledger', 'recorder']
    .map((name) => file(`../src/${name}.ts`))
    .join()
  const table = file('../README.md').split('## What is recorded')[1]!.split('## Waiting')[0]!
  const rows = table.split('\n').filter((line) => line.startsWith('| `session.'))
  const named = rows
    .flatMap((row) => [row.split('|')[1]!, row.split('|')[3]!])
    .join()
    .match(/`[a-z_.]+`/g)!
  for (const name of named.map((n) => n.slice(1, -1))) expect(sources, name).toContain(`'${name}'`)
})
