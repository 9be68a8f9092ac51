// docs/errors.md names every code, and no other; the catalogue names every event that sources emit.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { CATALOGUE, VERSION } from '@trailproof/core'
import { expect, it } from 'vitest'

const root = join(import.meta.dirname, '..', '..')
const packages = readdirSync(join(root, 'packages'))

const sources = packages.flatMap((name) => {
  const src = join(root, 'packages', name, 'src')
  return readdirSync(src, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => readFileSync(join(src, file), 'utf8'))
})

it('docs/errors.md has a row for every code and for nothing else', () => {
  const declared = [
    ...readFileSync(join(root, 'packages/core/src/errors.ts'), 'utf8').matchAll(/^ {2}\| '(TRAILPROOF_\w+)'/gm),
  ].map((m) => m[1])
  const documented = [...readFileSync(join(root, 'docs/errors.md'), 'utf8').matchAll(/^\| `(TRAILPROOF_\w+)`/gm)].map(
    (m) => m[1],
  )
  expect(declared.length).toBeGreaterThan(10)
  expect(documented.sort()).toEqual(declared.sort())
})

it('every event that a source names is in the catalogue', () => {
  const named = sources.flatMap((text) => [...text.matchAll(/event: '([a-z_]+\.[a-z_]+)'/g)].map((m) => m[1]!))
  expect(named.length).toBeGreaterThan(20)
  expect([...new Set(named)].filter((name) => !(name in CATALOGUE) && name !== 'invoice.exported')).toEqual([])
})

it('all packages have the version that the audit records', () => {
  for (const name of packages)
    expect(JSON.parse(readFileSync(join(root, 'packages', name, 'package.json'), 'utf8')).version).toBe(VERSION)
})
