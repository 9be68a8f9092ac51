// `node --import @trailproof/auto app.js`: the application answers the same, and everything is recorded.
import { beforeAll, describe, expect, it } from 'vitest'
import { AUTO, app, checkBuild, facts, folder, logs, run, said } from './process.js'

beforeAll(checkBuild)

const SIGN_IN = ['login.failed rejected', 'login.succeeded', 'session.created', 'token.issued']
const LATER = ['session.replayed ended', 'authz.denied unauthenticated', 'session.replayed ended']
const BY_EXPRESS_SESSION = [
  ...SIGN_IN,
  'session.renewed',
  'authz.denied forbidden',
  'session.renewed',
  'session.renewed',
  'logout.succeeded',
  'session.ended logout',
  ...LATER,
]
// Without `rolling` koa-session renews nothing; the session that passport makes anew at logout ends as well.
const BY_KOA_SESSION = [
  ...SIGN_IN,
  'authz.denied forbidden',
  'logout.succeeded',
  'session.ended logout',
  'session.ended logout',
  ...LATER,
]

const FRAMEWORKS = [
  { title: 'Express 5', name: 'express', copies: {}, records: BY_EXPRESS_SESSION },
  { title: 'Express 4', name: 'express', copies: { express: 'express4' }, records: BY_EXPRESS_SESSION },
  { title: 'passport 0.6', name: 'express', copies: { passport: 'passport06' }, records: BY_EXPRESS_SESSION },
  { title: 'Koa 3', name: 'koa', copies: {}, records: BY_KOA_SESSION },
  { title: 'Koa 2', name: 'koa', copies: { koa: 'koa2' }, records: BY_KOA_SESSION },
  { title: 'Nest 11', name: 'nest', copies: {}, records: BY_EXPRESS_SESSION },
]

describe.each(FRAMEWORKS)('$title', ({ name, copies, records }) => {
  it.each(['mjs', 'cjs'] as const)(
    'as %s answers the same and is recorded',
    async (form) => {
      const at = folder(app(name, form), copies)
      const off = await run(at, [`app.${form}`])
      expect(off).toMatchObject({ code: 0, stderr: expect.not.stringContaining('trailproof') })
      expect(JSON.parse(off.stdout).length).toBeGreaterThanOrEqual(8)
      expect(logs(at).names).toEqual([])

      const on = await run(at, [...AUTO, `app.${form}`])
      expect(said(on.stderr)).toEqual([])
      expect(on).toMatchObject({ code: 0, stderr: off.stderr })
      expect(JSON.parse(on.stdout)).toEqual(JSON.parse(off.stdout))
      expect(facts(at)).toEqual(records)
      expect(logs(at).names).toEqual(['acme-shop-api-0'])
      expect(logs(at).records.at(-1)?.event).toBe('audit.stopped')
    },
    60_000,
  )
})
