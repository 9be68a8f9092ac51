// The README's example is run as it stands, so that it cannot rot.
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test, vi } from 'vitest'

test('the example in the README runs and says what it promises', async () => {
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8')
  const [, code] = /```ts\n([\s\S]*?)```/.exec(readme)!
  // Beside this file, where `@trailproof/tlog` is found as a user of the workspace finds it.
  const file = fileURLToPath(new URL(`./readme-example.${process.pid}.tmp.ts`, import.meta.url))
  const log = vi.spyOn(console, 'log').mockImplementation(() => {})
  writeFileSync(file, code!)
  try {
    await import(/* @vite-ignore */ file)
    expect(log.mock.calls).toEqual([['record 1 is in the log example.com/audit']])
  } finally {
    rmSync(file)
    log.mockRestore()
  }
})
