// docs/compatibility.md is what `npm run test:matrix` wrote: every row that is run stands there, and none fails.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { NODES, ROWS } from '../matrix/rows.mjs'

const page = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'compatibility.md'), 'utf8')

it('has a row for every release, and a column for every Node', () => {
  const written = page.split('\n').filter((line) => /^\| (?!library)/.test(line))
  expect(written.map((line) => line.split(' | ').slice(0, 2).join(' ').slice(2))).toEqual(
    ROWS.map(({ library, version }: { library: string; version: string }) => `${library} ${version}`),
  )
  for (const major of NODES) expect(page).toMatch(new RegExp(`Node ${major}\\.\\d+`))
})

it('shows no failure, and every release ran somewhere', () => {
  expect(page).not.toContain('fails')
  for (const line of page.split('\n').filter((one) => /^\| (?!library)/.test(one))) expect(line).toMatch(/\| \d+ \|/)
})
