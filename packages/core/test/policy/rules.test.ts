import { describe, expect, it } from 'vitest'
import { checkPolicy, compilePolicy, DEFAULT_POLICY, type PolicyRule } from '../../src/policy/policy.js'

describe('a policy', () => {
  it('waits for sign-ins, not for what is frequent, and does not write authz.granted', () => {
    const policy = compilePolicy([])
    expect(policy('login.failed')).toEqual(DEFAULT_POLICY)
    expect(policy('invoice.exported')).toEqual(DEFAULT_POLICY)
    expect(policy('resource.read')).toEqual({ ...DEFAULT_POLICY, wait: 'queued' })
    for (const event of ['token.verified', 'session.renewed'])
      expect(policy(event)).toEqual({ ...DEFAULT_POLICY, wait: 'queued', record: 'rollup' })
    expect(policy('authz.granted')).toEqual({ ...DEFAULT_POLICY, wait: 'queued', record: 'none' })
  })

  it('takes the first rule that matches, and the defaults for what it leaves open', () => {
    const policy = compilePolicy([
      { events: ['login.failed', 'mfa.*'], waitAtMostMs: 1 },
      { events: 'login.*', onFailure: 'refuse' },
      { events: '*', wait: 'queued' },
    ])
    expect(policy('login.failed')).toEqual({ ...DEFAULT_POLICY, waitAtMostMs: 1 })
    expect(policy('mfa.failed')).toEqual({ ...DEFAULT_POLICY, waitAtMostMs: 1 })
    expect(policy('login.succeeded')).toEqual({ ...DEFAULT_POLICY, onFailure: 'refuse' })
    expect(policy('authz.granted')).toEqual({ ...DEFAULT_POLICY, wait: 'queued', record: 'none' })
    expect(policy('role.granted')).toEqual({ ...DEFAULT_POLICY, wait: 'queued' })
  })

  it('is a copy, and a setting given as undefined is not set', () => {
    const events = ['login.*']
    const rule = { events, wait: undefined, waitAtMostMs: undefined, onFailure: 'refuse' } as unknown as PolicyRule
    const policy = compilePolicy([rule])
    events[0] = 'nothing'
    rule.onFailure = 'continue'
    expect(policy('login.failed')).toEqual({ ...DEFAULT_POLICY, onFailure: 'refuse' })
  })

  it.each<[unknown, string]>([
    [{}, 'option "policy" must be a list of rules (policy: [{ events: "login.*", onFailure: "refuse" }])'],
    [['login.*'], 'policy rule 0 must be an object'],
    [[[]], 'policy rule 0 must be an object'],
    [[{}], 'policy rule 0: "events" must be a name such as "login.failed" or a pattern such as "login.*"'],
    ...['', 'Login.*', '.*', 'login.**', '*.failed', 'login..failed', '.login', 7, [], ['login.*', '']].map(
      (events): [unknown, string] => [
        [{ events }],
        'policy rule 0: "events" must be a name such as "login.failed" or a pattern such as "login.*"',
      ],
    ),
    [
      [
        { events: '*', wait: 'durable' },
        { events: '*', wait: 'never' },
      ],
      'policy rule 1: "wait" must be "durable" or "queued"',
    ],
    [
      [{ events: '*', waitAtMostMs: Number.NaN }],
      'policy rule 0: "waitAtMostMs" must be a number of milliseconds from 0 to 600000',
    ],
    [
      [{ events: '*', waitAtMostMs: '5' }],
      'policy rule 0: "waitAtMostMs" must be a number of milliseconds from 0 to 600000',
    ],
    [[{ events: '*', onFailur: 'refuse' }], 'policy rule 0: unknown setting "onFailur" (did you mean "onFailure"?)'],
    [
      [{ events: '*', constructor: 'all' }],
      'policy rule 0: unknown setting "constructor" (settings are events, waitAtMostMs, wait, onFailure, record, sample)',
    ],
  ])('refuses %j with one clear error', (rules, message) => {
    expect(() => checkPolicy(rules)).toThrow(expect.objectContaining({ code: 'TRAILPROOF_OPTION_INVALID', message }))
  })
})
