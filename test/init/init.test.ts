// `npx trailproof init` in applications that know nothing of us: what it writes is started, signed in to, and verified.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { app, checkBuild, facts, folder, logs, run, said } from '../auto/process.js'

beforeAll(checkBuild)

const root = join(import.meta.dirname, '..', '..')
const CLI = join(root, 'packages', 'cli', 'bin', 'trailproof.js')

const init = (at: string, ...args: string[]) =>
  spawnSync(process.execPath, [CLI, 'init', ...args], { cwd: at, encoding: 'utf8', timeout: 30_000 })

const DEPENDENCIES = {
  express: ['express', 'express-session', 'jsonwebtoken', 'passport', 'passport-local'],
  koa: ['koa', 'koa-session', 'koa-passport', 'jsonwebtoken', '@koa/router'],
}

function project(files: Record<string, string>, dependencies: readonly string[], more: object = {}): string {
  const at = folder()
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(at, name)), { recursive: true })
    writeFileSync(join(at, name), text)
  }
  const listed = Object.fromEntries(dependencies.map((name) => [name, '*']))
  writeFileSync(
    join(at, 'package.json'),
    `${JSON.stringify({ name: 'shop', dependencies: listed, ...more }, undefined, 2)}\n`,
  )
  return at
}

const read = (at: string, file: string) => readFileSync(join(at, file), 'utf8')
const listing = (at: string) => readdirSync(at).sort()

describe.each([
  ['express', 'mjs'],
  ['express', 'cjs'],
  ['koa', 'mjs'],
  ['koa', 'cjs'],
] as const)('%s as %s', (framework, form) => {
  it('shows a diff and writes nothing; with --yes the application is audited, and answers as before', async () => {
    const at = project(app(framework, form), DEPENDENCIES[framework], { scripts: { start: `node app.${form}` } })
    const before = listing(at)
    const shown = init(at)
    expect(shown).toMatchObject({ status: 0, stderr: '' })
    expect(shown.stdout).toContain(`+++ b/app.${form}`)
    expect(shown.stdout).toContain(`+++ b/audit.${form}`)
    expect(shown.stdout).toContain('Nothing was written')
    expect(listing(at)).toEqual(before)

    const off = await run(at, [`app.${form}`])
    const wrote = init(at, '--yes')
    expect(wrote).toMatchObject({ status: 0, stderr: '' })
    expect(wrote.stdout).toContain('npm install @trailproof/core')
    expect(wrote.stdout).toContain('Before production')
    expect(listing(join(at, '.trailproof'))).toContain('signing.pub')
    expect(read(at, '.gitignore')).toBe('.trailproof/\n/audit/\n')

    const on = await run(at, [`app.${form}`])
    expect(on).toMatchObject({ code: 0, stderr: off.stderr })
    expect(JSON.parse(on.stdout)).toEqual(JSON.parse(off.stdout))
    expect(facts(at)).toEqual(
      expect.arrayContaining([
        'login.failed rejected',
        'login.succeeded',
        'session.created',
        'token.issued',
        'authz.denied forbidden',
        'logout.succeeded',
        'session.ended logout',
        'session.replayed ended',
      ]),
    )
    expect(logs(at).names).toEqual(['shop-0'])

    const again = init(at, '--yes')
    expect(again).toMatchObject({ status: 0, stdout: expect.stringContaining('lines of Trailproof already') })
  }, 60_000)
})

describe('an application whose lines it does not understand', () => {
  const CHAINED =
    "import express from 'express'\nexpress().get('/', (_q, r) => r.end()).listen(0, function () { this.close() })\n"

  it('is preloaded instead: the start script changes, and the sources do not', async () => {
    const at = project({ 'server.mjs': CHAINED }, ['express'], { scripts: { start: 'node server.mjs' } })
    const { status, stdout } = init(at, '--yes')
    expect(status).toBe(0)
    expect(stdout).toContain('no single line makes the application')
    expect(read(at, 'server.mjs')).toBe(CHAINED)
    const { scripts } = JSON.parse(read(at, 'package.json'))
    expect(scripts.start).toBe('node --import @trailproof/auto server.mjs')
    expect(JSON.parse(read(at, 'trailproof.config.json'))).toEqual({ service: 'shop', writer: './audit' })
    const ran = await run(at, scripts.start.split(' ').slice(1))
    expect(ran).toMatchObject({ code: 0 })
    expect(said(ran.stderr)).toEqual([])
    expect(logs(at).names).toEqual(['shop-0'])
  })

  it('--auto asks for that', () => {
    const at = project(app('express', 'mjs'), DEPENDENCIES.express)
    const found = JSON.parse(init(at, '--auto', '--json').stdout)
    expect(found).toMatchObject({ written: false, packages: ['@trailproof/core', '@trailproof/auto'] })
    expect(found.changes.map(({ path }: { path: string }) => path)).toEqual(['trailproof.config.json', '.gitignore'])
    expect(found.notes).toEqual([expect.stringContaining('node --import @trailproof/auto')])
  })

  it('two applications, and no word of which one is started', () => {
    const text = "import express from 'express'\nconst app = express()\n"
    const two = project({ 'a.mjs': text, 'b.mjs': text }, ['express'])
    expect(JSON.parse(init(two, '--json').stdout).notes[0]).toContain('no single line')
    const named = project({ 'a.mjs': text, 'b.mjs': text }, ['express'], { scripts: { start: 'node ./b.mjs' } })
    const { changes } = JSON.parse(init(named, '--json').stdout)
    expect(changes.map(({ path }: { path: string }) => path)).toEqual(['audit.mjs', 'b.mjs', '.gitignore'])
  })

  it.each([
    ['no package.json', undefined],
    ['a package.json that does not parse', '{'],
    ['no framework that is known', '{ "dependencies": { "fastify": "5" } }'],
  ])('%s: exit 2 and a code', (_title, text) => {
    const at = folder()
    writeFileSync(join(at, 'package.json'), text ?? '')
    if (text === undefined) expect(init(join(at, '..', '..'), join(at, 'nowhere'))).toMatchObject({ status: 2 })
    const { status, stderr } = init(at)
    expect(status).toBe(2)
    expect(stderr).toMatch(/^TRAILPROOF_OPTION_INVALID: /)
  })
})

describe('the style of the file', () => {
  it('keeps quotes, semicolons, shebang and endings, and files in folders', () => {
    const text =
      '#!/usr/bin/env node\n"use strict";\n// the shop\nconst express = require("express");\nconst session = require("express-session");\nconst helper = require("./lib/helper");\n\nconst app = express(); // the application\napp.use(session({ secret: "x" }));\nreq.session();\n'
    const at = project(
      { 'src/server.js': text, 'src/audit.js': '// somebody else\n' },
      ['express', 'express-session'],
      {
        main: 'src/server.js',
      },
    )
    init(at, '--yes')
    expect(read(at, 'src/server.js')).toBe(
      '#!/usr/bin/env node\n"use strict";\n// the shop\n' +
        'const { audit } = require("./trailproof");\nconst { auditSession } = require("@trailproof/sessions");\n' +
        'const { auditExpress } = require("@trailproof/express");\nconst express = require("express");\n' +
        'const session = require("express-session");\nconst helper = require("./lib/helper");\n\n' +
        'const app = express(); // the application\napp.use(auditExpress(audit));\n' +
        'app.use(auditSession(audit, session)({ secret: "x" }));\nreq.session();\n',
    )
    expect(read(at, 'src/audit.js')).toBe('// somebody else\n')
    expect(read(at, 'src/trailproof.js')).toContain('module.exports = { audit };')
  })

  it('does not follow links out of the project, nor look into node_modules', () => {
    const other = project({ 'app.mjs': "import express from 'express'\nconst app = express()\n" }, ['express'])
    const at = project({ 'node_modules/x/app.mjs': "import express from 'express'\nconst app = express()\n" }, [
      'express',
    ])
    symlinkSync(other, join(at, 'linked'))
    init(at, '--yes')
    expect(read(other, 'app.mjs')).not.toContain('trailproof')
    expect(existsSync(join(at, 'node_modules', 'x', 'audit.mjs'))).toBe(false)
  })
})

describe('Nest', () => {
  const MAIN = `import { NestFactory } from '@nestjs/core';
import session from 'express-session';
import { AppModule } from './app.module';

async function bootstrap() {
  const app = await NestFactory.create(AppModule);
  app.use(session({ secret: 'x', resave: false, saveUninitialized: false }));
  await app.listen(3000);
}
void bootstrap();
`
  const MODULE = `import { Module } from '@nestjs/common';
import { ShopModule } from './shop.module';

@Module({
  imports: [ShopModule],
})
export class AppModule {}
`
  const dependencies = ['@nestjs/core', 'express-session', 'jsonwebtoken', 'passport']

  it('puts the module among the imports, wraps sessions, and turns shutdown hooks on; it compiles', () => {
    const at = project(
      {
        'src/main.ts': MAIN,
        'src/app.module.ts': MODULE,
        'src/shop.module.ts': "import { Module } from '@nestjs/common';\n@Module({})\nexport class ShopModule {}\n",
        'tsconfig.json': JSON.stringify({
          compilerOptions: {
            target: 'es2022',
            module: 'node16',
            moduleResolution: 'node16',
            experimentalDecorators: true,
            strict: true,
            noEmit: true,
            skipLibCheck: true,
            types: ['node'],
          },
          include: ['src'],
        }),
      },
      dependencies,
    )
    expect(init(at, '--yes')).toMatchObject({ status: 0, stderr: '' })
    const main = read(at, 'src/main.ts')
    expect(main).toContain('  app.enableShutdownHooks();\n  await app.listen(3000);')
    expect(main).toContain('app.use(auditSession(app.get(AUDIT), session)({ secret')
    const module = read(at, 'src/app.module.ts')
    expect(module).toContain("imports: [\n    TrailproofModule.forRoot({\n      service: 'shop',")
    expect(module).toContain('auditPassport(audit, passport);')
    const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc')
    const compiled = spawnSync(process.execPath, [tsc, '-p', '.'], { cwd: at, encoding: 'utf8' })
    expect(compiled).toMatchObject({ status: 0, stdout: '' })
  }, 60_000)

  it('a root module without imports, in the file that starts it', () => {
    const text = `import { Module } from '@nestjs/common'
import { NestFactory } from '@nestjs/core'

@Module({ controllers: [] })
class Other {}

@Module({
  controllers: [Shop],
})
export class Root {}

const app = await NestFactory.create(Root)
await app.listen(3000)
`
    const at = project({ 'main.ts': text }, ['@nestjs/core'])
    init(at, '--yes')
    expect(read(at, 'main.ts')).toContain(
      "@Module({\n  imports: [\n    TrailproofModule.forRoot({\n      service: 'shop',\n",
    )
    expect(read(at, 'main.ts')).toContain('@Module({ controllers: [] })\nclass Other {}')
    expect(read(at, 'main.ts')).toContain('app.enableShutdownHooks()\nawait app.listen(3000)')
  })
})
