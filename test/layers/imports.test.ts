// The architecture, enforced: imports point one way (DESIGN section 2).
import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { expect, it } from 'vitest'

const root = join(import.meta.dirname, '..', '..')

/** What the sources of each package may import from other packages of ours. */
const MAY_IMPORT: Record<string, readonly string[]> = {
  tlog: [],
  core: ['@trailproof/tlog'],
  anchors: ['@trailproof/core', '@trailproof/core/adapter', '@trailproof/tlog'],
  express: ['@trailproof/core', '@trailproof/core/adapter'],
  koa: ['@trailproof/core', '@trailproof/core/adapter'],
  nestjs: ['@trailproof/core', '@trailproof/core/adapter'],
  passport: ['@trailproof/core', '@trailproof/core/adapter'],
  jwt: ['@trailproof/core', '@trailproof/core/adapter'],
  sessions: ['@trailproof/core', '@trailproof/core/adapter'],
  auto: ['core', 'core/adapter', 'express', 'jwt', 'koa', 'nestjs', 'passport', 'sessions'].map(
    (name) => `@trailproof/${name}`,
  ),
  testkit: ['@trailproof/core', '@trailproof/core/adapter', '@trailproof/tlog'],
  cli: ['@trailproof/anchors', '@trailproof/core', '@trailproof/core/adapter', '@trailproof/tlog'],
}

/** Libraries outside Node that sources may load at run time; everything else they hook arrives from the caller. */
const LIBRARIES: Record<string, readonly string[]> = {
  core: ['uuidv7'],
  anchors: ['asn1js', 'pkijs'],
  nestjs: ['@nestjs/common', '@nestjs/core', 'reflect-metadata', 'rxjs'], // peers: Nest has no object to pass them in
  cli: ['commander', 'diff'],
}

interface Import {
  file: string
  from: string
  typeOnly: boolean
}

function importsOf(name: string): Import[] {
  const src = join(root, 'packages', name, 'src')
  return readdirSync(src, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .flatMap((file) => {
      const text = readFileSync(join(src, file), 'utf8')
      return [...text.matchAll(/^(import|export)\s+(type\s)?[^'"]*?from\s+'([^']+)'|^import\s+'([^']+)'/gms)].map(
        (m) => ({
          file: relative(root, join(src, file)),
          from: m[3] ?? m[4]!,
          typeOnly: m[2] !== undefined,
        }),
      )
    })
}

const packages = readdirSync(join(root, 'packages'))

it('every package has its rule', () => {
  expect(packages.sort()).toEqual(Object.keys(MAY_IMPORT).sort())
})

it.each(packages)('%s imports only from packages below it', (name) => {
  const imports = importsOf(name)
  expect(imports.length).toBeGreaterThan(0)
  const wrong = imports.filter(
    ({ from }) => /^(@trailproof\/|trailproof)/.test(from) && !MAY_IMPORT[name]!.includes(from),
  )
  expect(wrong).toEqual([])
})

it.each(packages)('%s loads no library that is not agreed on', (name) => {
  const wrong = importsOf(name).filter(
    ({ from, typeOnly }) =>
      !typeOnly && !/^(\.|node:|@trailproof\/)/.test(from) && !(LIBRARIES[name] ?? []).includes(from),
  )
  expect(wrong).toEqual([])
})

it('tlog runs in a browser: it imports nothing of Node', () => {
  expect(importsOf('tlog').filter(({ from }) => from.startsWith('node:'))).toEqual([])
})

it('no source uses import.meta or a top-level await, so that CommonJS can be built', () => {
  const wrong = packages.flatMap((name) => {
    const src = join(root, 'packages', name, 'src')
    return readdirSync(src, { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts'))
      .filter((file) => /import\.meta|^await /m.test(readFileSync(join(src, file), 'utf8')))
      .map((file) => `${name}/${file}`)
  })
  expect(wrong).toEqual([])
})
