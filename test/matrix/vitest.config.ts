// The suites of the Nest adapter against another release of Nest: FIXTURE names a folder of fixtures/, installed there.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { defineConfig } from 'vitest/config'

const root = join(import.meta.dirname, '..', '..')
const fixture = join(import.meta.dirname, 'fixtures', process.env['FIXTURE'] ?? 'nest-12')
const { dependencies } = JSON.parse(readFileSync(join(fixture, 'package.json'), 'utf8'))
if (!readdirSync(fixture).includes('node_modules')) throw new Error(`${fixture} is not installed: npm ci there`)

export default defineConfig({
  root,
  resolve: {
    alias: Object.keys(dependencies).map((name) => ({
      find: new RegExp(`^${name}(?=$|/)`),
      replacement: join(fixture, 'node_modules', name),
    })),
  },
  ssr: { resolve: { conditions: ['trailproof-source', 'module', 'node', 'development|production'] } },
  test: {
    include: ['test/adapters/nestjs.test.ts', 'test/adapters/nestjs-own.test.ts'],
    testTimeout: 20_000,
    hookTimeout: 60_000,
    server: { deps: { inline: [/@trailproof\//, /^trailproof$/] } },
  },
})
