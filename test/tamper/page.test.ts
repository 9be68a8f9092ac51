// docs/threat-model.md shows the matrix that is tested; drift fails here.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { matrixTables } from './page.js'

it('the tables of docs/threat-model.md are those that are tested', async () => {
  const path = join(import.meta.dirname, '..', '..', 'docs', 'threat-model.md')
  const page = readFileSync(path, 'utf8')
  const begin = page.indexOf('-->\n', page.indexOf('<!-- matrix:')) + 4
  const end = page.indexOf('<!-- end of matrix -->')
  expect(end).toBeGreaterThan(begin)
  // To bring the page up to date: npx vitest run test/tamper/page.test.ts --update
  await expect(`${page.slice(0, begin)}\n${matrixTables()}\n${page.slice(end)}`).toMatchFileSnapshot(path)
})
