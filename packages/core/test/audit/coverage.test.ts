import { ManualTimers, type TestRecord } from '@trailproof/testkit'
import { describe, expect, test } from 'vitest'
import { coreOf, noteHooked } from '../../src/adapter.js'
import { findUnhooked } from '../../src/hook/unhooked.js'
import { createAudit, memoryKeys, memoryWriter } from '../../src/index.js'

const at = (...path: string[]) => ['', 'srv', 'node_modules', ...path].join('/')

describe('findUnhooked', () => {
  test('names each copy of a library that nobody watches, and the line to add', () => {
    const [hooked, other] = [{ sign() {} }, { sign() {} }]
    const undo = noteHooked(hooked)
    const cache = {
      [at('jsonwebtoken', 'index.js')]: { exports: hooked },
      [at('jsonwebtoken', 'sign.js')]: { exports: () => {} },
      [at('b', 'node_modules', 'jsonwebtoken', 'index.js')]: { exports: other },
      [at('lodash', 'index.js')]: { exports: {} },
      ['/srv/app.js']: { exports: {} },
    }
    expect(findUnhooked(new Set(), cache)).toEqual([
      { library: 'jsonwebtoken', at: 'node_modules/b/node_modules/jsonwebtoken', fix: 'auditJwt(audit, jsonwebtoken)' },
    ])
    undo()
    expect(findUnhooked(new Set(), cache)).toHaveLength(2)
  })

  test('frameworks are watched by their hook, libraries without one never, passport not inside koa-passport', () => {
    const cache = {
      [at('express', 'index.js')]: { exports: () => {} },
      [at('@nestjs', 'core', 'index.js')]: { exports: {} },
      [at('fast-jwt', 'index.js')]: { exports: {} },
      [at('koa-passport', 'index.js')]: { exports: { default: {} } },
      [at('passport', 'index.js')]: { exports: {} },
    }
    const found = (...hooks: string[]) => findUnhooked(new Set(hooks), cache).map(({ library }) => library)
    expect(found()).toEqual(['express', '@nestjs/core', 'fast-jwt', 'koa-passport'])
    expect(found('nestjs')).toEqual(['fast-jwt', 'koa-passport'])
  })

  test('getters of a module are not run, and exports of any shape are borne', () => {
    const exports = Object.defineProperty({}, 'default', {
      get() {
        throw new Error('asked')
      },
    })
    const cache = {
      [at('passport', 'a.js')]: { exports },
      [at('passport', 'b.js')]: { exports: null },
      [at('koa', 'c.js')]: {},
    }
    expect(findUnhooked(new Set(), cache).map(({ library }) => library)).toEqual(['passport', 'koa'])
  })
})

test('the log says what is watched: 5 s after the start, and again when it changes', async () => {
  const timers = new ManualTimers()
  const writer = memoryWriter()
  const audit = createAudit({ service: 'shop', writer, keys: memoryKeys(), timers, heartbeatEveryMs: 20 })
  const told = async () => {
    await audit.flush()
    const lines = writer.logs.flatMap(({ lines }) => lines.map((line) => JSON.parse(line) as TestRecord))
    return lines.filter(({ event }) => event === 'audit.coverage')
  }
  await audit.ready
  const core = coreOf(audit)
  core.hooked('express', { context: true })
  await new Promise((done) => setTimeout(done, 60)) // heartbeats tell nothing before the first time
  expect(await told()).toEqual([])
  timers.advance(5000)
  expect((await told()).map(({ data }) => data)).toMatchObject([
    { hooks: { express: { context: true } }, forwarded_ignored: false },
  ])
  expect(audit.coverage()).toMatchObject({ neverSeen: ['express'], forwardedIgnored: 0 })
  expect(audit.coverage().unhooked.every(({ fix }) => fix.length > 0)).toBe(true)

  core.hooked('jwt', { sign: true })
  for (let i = 0; i < 100 && (await told()).length < 2; i++) await new Promise((done) => setTimeout(done, 20))
  await new Promise((done) => setTimeout(done, 60)) // and no third one, as nothing has changed
  expect((await told()).map(({ data }) => Object.keys(data?.['hooks'] as object))).toEqual([
    ['express'],
    ['express', 'jwt'],
  ])
  await audit.close()
})
