import { createHash, createHmac, randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { coreOf } from '../../src/adapter.js'
import { memoryKeyStore, memoryKeys } from '../../src/index.js'
import { loadKeys } from '../../src/privacy/keys.js'
import { normaliseName, Pseudonyms } from '../../src/privacy/pseudonyms.js'
import { errorOf, Faulty, testAudit } from '../support.js'

function service(root = randomBytes(32), store = memoryKeyStore()) {
  return { root, store, start: () => new Pseudonyms(loadKeys({ ...memoryKeys(), root }, {}).derive, store) }
}

describe('the reference of a person', () => {
  it('is the same at every start and in every process that shares keys, and another for another person or tenant', async () => {
    const shop = service()
    const people = [{ id: '1' }, { id: '2' }, { id: '1', tenant: 'a' }, { id: '1', tenant: 'b' }, { id: '1","b' }]
    const first = await Promise.all(people.map((who) => shop.start().actor(who)))
    const second = await Promise.all(people.map((who) => shop.start().actor(who)))
    expect(second).toEqual(first)
    expect(new Set(first).size).toBe(people.length)
    expect(await shop.start().actor({ id: '1', type: 'admin', names: ['x'] })).toBe(first[0])
    for (const ref of first) expect(ref).toMatch(/^[\w-]{22}$/)
  })

  it('needs the keys and the salt: neither a bare hash nor another root or store gives it', async () => {
    const shop = service()
    const ref = await shop.start().actor({ id: '1' })
    expect(await service(shop.root).start().actor({ id: '1' })).not.toBe(ref) // its salt was destroyed
    expect(await service(undefined, shop.store).start().actor({ id: '1' })).not.toBe(ref)
    const guesses = ['1', '[null,"1"]', '{"id":"1"}'].flatMap((text) =>
      ['base64url', 'hex'].flatMap((as) => [
        createHash('sha256')
          .update(text)
          .digest(as as 'hex'),
        createHmac('sha256', '')
          .update(text)
          .digest(as as 'hex'),
      ]),
    )
    for (const guess of guesses) expect(guess.startsWith(ref)).toBe(false)
  })

  it('differs from every other kind of reference to the same value', async () => {
    const one = service().start()
    const refs = [
      one.of('session', 'v'),
      one.of('token', 'v'),
      one.of('device', 'v'),
      await one.actor({ id: 'v' }),
      await one.claimed('v', '2026-11-23'),
    ]
    expect(new Set(refs).size).toBe(refs.length)
  })
})

describe('the pseudonym of a typed name', () => {
  it('is one for every spelling, and another on another day', async () => {
    const one = service().start()
    const spelt = [' A@x ', 'a@X', 'a\u200e@x', 'A@X\n'].map((name) => one.claimed(name, '2026-11-23'))
    expect(new Set(await Promise.all(spelt)).size).toBe(1)
    expect(await one.claimed('a@x', '2026-11-24')).not.toBe(await spelt[0])
    expect(normaliseName('\u0041\u030a')).toBe(normaliseName('\u00e5'))
  })

  it('has no use for a day that is none', async () => {
    const { audit } = testAudit()
    for (const day of ['2026-1-1', '../x', '', 5])
      expect(await errorOf(() => audit.claimedRef('a', day as string))).toMatchObject({
        code: 'TRAILPROOF_EVENT_INVALID',
      })
  })
})

describe('in the log', () => {
  it('a failed and a successful sign-in of one typed name join, and what the audit says of a person is what stands there', async () => {
    const t = testAudit({ identify: (user: { id: string }) => user })
    await t.audit.record({ event: 'login.failed', claimed: ' Ann@X ' })
    await t.audit.record({
      event: 'login.succeeded',
      claimed: 'ann@x',
      actor: { id: 7, tenant: 'acme', type: 'admin' },
    })
    const [failed, succeeded] = await t.lines()
    expect(failed!.actor).toEqual({ claimed: await t.audit.claimedRef('ANN@x') })
    expect(succeeded!.actor).toEqual({ ref: expect.any(String), claimed: failed!.actor!.claimed, type: 'admin' })
    expect(succeeded!.tenant).toBe('acme')
    const user = { id: 7 }
    expect(await t.audit.actorRef(user)).not.toBe(succeeded!.actor!.ref) // another tenant
    expect(t.raw().join('')).not.toMatch(/ann@x/i)
  })

  it('a person keeps the reference however many others came while the log could not write', async () => {
    const store = memoryKeyStore()
    const writer = new Faulty()
    const t = testAudit({ writer, keys: { ...memoryKeys(), store }, policy: [{ events: '*', wait: 'queued' }] })
    await t.audit.ready
    await t.audit.flush()
    writer.hang()
    const core = coreOf(t.audit)
    void core.observe({ event: 'login.failed', hook: 'x', actor: { id: 'first' }, claimed: 'first' })
    const read = Array.from({ length: 6 }, (_, i) => t.audit.claimedRef('x', `2026-10-0${i + 1}`)) // other days push today's key out
    await Promise.all(read)
    for (let i = 0; i < 50_100; i += 1000)
      await Promise.all(Array.from({ length: 1000 }, (_, k) => t.audit.actorRef({ id: `many ${i + k}` })))
    writer.work()
    const [line] = await t.lines()
    expect(line!.actor).toEqual({
      ref: await t.audit.actorRef({ id: 'first' }),
      claimed: await t.audit.claimedRef('first'),
      type: 'user',
    })
  }, 60_000)

  it('identify may name type and tenant, and what it gets wrong is left out', async () => {
    const identify = () => ({ id: 5n, type: 'god', tenant: { evil: true }, names: 'x' }) as never
    const t = testAudit({ identify })
    await t.audit.record({ event: 'login.succeeded', actor: {} })
    const [line] = await t.lines()
    expect([line!.actor, line!.tenant]).toEqual([
      { ref: expect.stringMatching(/^[\w-]{22}$/), type: 'user' },
      undefined,
    ])
    expect(
      await errorOf(() =>
        testAudit({
          identify: () => {
            throw new Error('x')
          },
        }).audit.actorRef({ id: 1 }),
      ),
    ).toMatchObject({ code: 'TRAILPROOF_EVENT_INVALID' })
  })
})
