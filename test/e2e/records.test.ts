// What a record must hold, read from the files that the shop's audit wrote.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { encodings, findSecrets } from '../../scripts/demo/evidence.mjs'
import { forget, type Played, playShop, type ShopRecord } from './shop.js'

let played: Played
beforeAll(async () => {
  played = await playShop({ audited: true })
}, 60_000)
afterAll(() => forget(played))

const of = (event: string) => played.records.filter((record) => record.event === event)
const client = (record: ShopRecord) => record.client as Record<string, string | boolean>

describe('the records of the shop', () => {
  it('stand in order, one for each number, with ids of their own', () => {
    expect(played.records.map(({ seq }) => seq)).toEqual(played.records.map((_, i) => i))
    expect(new Set(played.records.map(({ id }) => id)).size).toBe(played.records.length)
    const observed = played.records.flatMap(({ n }) => n ?? [])
    expect([...observed].sort((a, b) => a - b)).toEqual(observed.map((_, i) => i + 1))
  })

  it('tell the whole story: every kind of event that the scenario causes', () => {
    const kinds = new Set(played.records.map(({ event }) => event))
    const expected = [
      'audit.started',
      'login.succeeded',
      'login.failed',
      'logout.succeeded',
      'session.created',
      'session.rotated',
      'session.ended',
      'session.replayed',
      'token.issued',
      'token.verified',
      'token.rejected',
      'token.refreshed',
      'token.revoked',
      'token.reuse_detected',
      'authz.denied',
      'account.disabled',
      'impersonation.started',
      'impersonation.stopped',
      'invoice.exported',
      'audit.stopped',
    ]
    expect(expected.filter((event) => !kinds.has(event))).toEqual([])
  })

  it('hold, for every sign-in, who, where, how and when', () => {
    const signIns = [...of('login.failed'), ...of('login.succeeded')].filter(({ auth }) => auth?.strategy === 'local')
    expect(signIns.length).toBeGreaterThan(20)
    for (const record of signIns) {
      expect(record.time).toMatch(/^2\d{3}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/)
      expect(record.auth).toMatchObject({ method: 'password', strategy: 'local', attempt: expect.any(String) })
      expect(record.client).toMatchObject({
        ip: expect.stringMatching(/^127\./),
        ip_source: 'socket',
        user_agent: expect.any(String),
        device: expect.stringMatching(/^[\w-]{22}$/),
      })
      expect(record.http).toMatchObject({
        method: 'POST',
        route: expect.stringMatching(/^\/(login|api\/token)$/),
        request_id: expect.any(String),
      })
      if (record.reason !== 'missing_credentials') expect(record.actor.claimed).toMatch(/^[\w-]{22}$/)
      if (record.event === 'login.succeeded') expect(record.actor.ref).toMatch(/^[\w-]{22}$/)
      else expect(record.reason).toMatch(/^(bad_credentials|unknown_user|account_disabled|missing_credentials)$/)
    }
  })

  it('tell a wrong password from an unknown user, which the HTTP answer never does', () => {
    const reasons = new Set(of('login.failed').map(({ reason }) => reason))
    expect([...reasons]).toEqual(expect.arrayContaining(['bad_credentials', 'unknown_user', 'account_disabled']))
  })

  it('give one person one reference, and one typed name one pseudonym, in failure and success', () => {
    const refOf = new Map<string, Set<string>>()
    for (const { actor } of of('login.succeeded'))
      if (actor.claimed && actor.ref) refOf.set(actor.claimed, (refOf.get(actor.claimed) ?? new Set()).add(actor.ref))
    expect(refOf.size).toBeGreaterThanOrEqual(3) // Alice, Bob and Dana
    for (const refs of refOf.values()) expect(refs.size).toBe(1)
    const failedNames = of('login.failed').map(({ actor }) => actor.claimed)
    expect(failedNames.filter((name) => name && refOf.has(name)).length).toBeGreaterThan(0)
  })

  it('know a browser again by its device id, and none of two browsers share one', () => {
    const devices = new Map<string, Set<string>>()
    for (const record of [...of('login.failed'), ...of('login.succeeded')]) {
      const agent = String(client(record)['user_agent']) + String(client(record)['ip'])
      devices.set(agent, (devices.get(agent) ?? new Set()).add(String(client(record)['device'])))
    }
    const people = [...devices].filter(([agent]) => !agent.includes('127.0.0.66'))
    for (const [agent, ids] of people) expect({ agent, ids: ids.size }).toEqual({ agent, ids: 1 })
    const all = people.flatMap(([, ids]) => [...ids])
    expect(new Set(all).size).toBe(all.length)
  })

  it('keep the real address where X-Forwarded-For is forged, and say that the header was ignored', () => {
    const forged = of('login.failed').filter((record) => client(record)['forwarded_ignored'])
    expect(forged.length).toBeGreaterThan(0)
    for (const record of forged) expect(client(record)['ip']).toBe('127.0.0.66')
  })

  it('do not believe a forged device cookie', () => {
    const rejected = of('login.failed').filter((record) => client(record)['device_rejected'] === 'bad_signature')
    expect(rejected.length).toBe(1)
    expect(client(rejected[0]!)['device_source']).toBe('issued')
  })

  it('name both people of an impersonation', () => {
    const [started] = of('impersonation.started')
    expect(started!.actor.type).toBe('admin')
    expect(started!.target).toMatchObject({ type: 'account', ref: expect.stringMatching(/^[\w-]{22}$/) })
    expect(started!.target!.ref).not.toBe(started!.actor.ref)
  })
})

describe('secrets', () => {
  it('stand nowhere: no password, cookie, token or session id, in any encoding', () => {
    const found = findSecrets(played.dir, played.secrets)
    expect(found.searched).toBeGreaterThan(50)
    expect(found.files).toBeGreaterThan(3)
    expect(found.hits).toEqual([])
  })

  it('would be found: a canary planted in any encoding is', () => {
    const canary = played.secrets[0]!
    for (const [i, form] of encodings(canary).entries()) {
      const file = join(played.dir, `canary-${i}.txt`)
      writeFileSync(file, `before ${form} after`)
      expect(findSecrets(played.dir, [canary]).hits.map((hit: { file: string }) => hit.file)).toContain(
        `canary-${i}.txt`,
      )
      writeFileSync(file, '')
    }
  })
})
