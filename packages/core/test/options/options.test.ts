import { describe, expect, it } from 'vitest'
import { createAudit, fileWriter, memoryKeyStore, memoryKeys, memoryWriter } from '../../src/index.js'
import { systemTimers } from '../../src/log/timers.js'
import { checkOptions } from '../../src/options.js'
import { errorOf, temporaryFolder } from '../support.js'

const good = () => ({ service: 'shop', writer: memoryWriter(), keys: memoryKeys() })
const LIST =
  'options are service, writer, policy, identify, keys, device, limits, retention, heartbeatEveryMs, anchors, anchorEveryMs, anchorRedAfterMs, upkeep, clock, timers'

it('options left open have their documented defaults', () => {
  const writer = memoryWriter()
  const { identify, ...settings } = checkOptions({ service: 'shop', writer })
  expect(settings).toEqual({
    service: { name: 'shop' },
    writer,
    policy: [],
    keys: {},
    device: { mode: 'auth', maxAgeDays: 180, domain: undefined },
    limits: { queueBytes: 16 * 2 ** 20, queueRecords: 50_000, gateBytes: 2 ** 20 },
    retention: undefined,
    heartbeatEveryMs: 60_000,
    anchors: [],
    anchorEveryMs: 60_000,
    anchorRedAfterMs: 300_000,
    upkeep: true,
    clock: undefined,
    timers: systemTimers,
  })
  expect([{ id: 7, name: 'x' }, 'u1', 7, 7n, {}, null, undefined].map(identify)).toEqual([
    { id: '7' },
    { id: 'u1' },
    { id: '7' },
    { id: '7' },
    undefined,
    undefined,
    undefined,
  ])
})

describe('a wrong option is one clear error', () => {
  it.each<[string, object, string]>([
    ['an unknown name', { polcy: [] }, 'unknown option "polcy" (did you mean "policy"?)'],
    ['a name in other letters', { Device: 'off' }, 'unknown option "Device" (did you mean "device"?)'],
    ['a name nobody knows', { trustproxy: true }, `unknown option "trustproxy" (${LIST})`],
    [
      'a nested name: limits',
      { limits: { queuebytes: 1 } },
      'unknown option "limits.queuebytes" (did you mean "limits.queueBytes"?)',
    ],
    [
      'a nested name: device',
      { device: { maxAge: 1 } },
      'unknown option "device.maxAge" (options are mode, maxAgeDays, domain)',
    ],
    ['a nested name: keys', { keys: { dirr: 'x' } }, 'unknown option "keys.dirr" (did you mean "keys.dir"?)'],
    [
      'a nested name: service',
      { service: { name: 'a', verison: '1' } },
      'unknown option "service.verison" (did you mean "service.version"?)',
    ],
    [
      'no service',
      { service: undefined },
      'option "service" must be a name such as "shop": lower-case letters, digits, ".", "_", "-"; found undefined',
    ],
    [
      'a path as service',
      { service: '../etc' },
      'option "service" must be a name such as "shop": lower-case letters, digits, ".", "_", "-"; found "../etc"',
    ],
    ['a list as service', { service: [] }, 'option "service" must be an object; found a list'],
    [
      'a version that is no string',
      { service: { name: 'a', version: 1 } },
      'option "service.version" must be a string of at most 128 characters; found number',
    ],
    [
      'no writer',
      { writer: undefined },
      'option "writer" must be a writer; found undefined (writer: fileWriter(\'./audit\'))',
    ],
    [
      'a writer that was not called',
      { writer: memoryWriter },
      'option "writer" must be a writer; found function (writer: fileWriter(\'./audit\'))',
    ],
    ['identify', { identify: 'id' }, 'option "identify" must be a function (identify: (user) => ({ id: user.id }))'],
    ['the folder of keys', { keys: { dir: '' } }, 'option "keys.dir" must be a folder name'],
    ['the key store', { keys: { store: {} } }, 'option "keys.store" must be a key store (store: fileKeyStore(dir))'],
    ['device', { device: 'on' }, 'option "device" must be "auth" or "off"; found "on"'],
    [
      'the age of device cookies',
      { device: { maxAgeDays: 0 } },
      'option "device.maxAgeDays" must be a whole number from 1 to 400; found number',
    ],
    [
      'the domain of device cookies',
      { device: { domain: 'x; Path=/' } },
      'option "device.domain" must be a domain name',
    ],
    ['the domain, no string', { device: { domain: ['a.b'] } }, 'option "device.domain" must be a domain name'],
    ['limits', { limits: 5 }, 'option "limits" must be an object; found number'],
    [
      'a limit',
      { limits: { queueRecords: '9' } },
      'option "limits.queueRecords" must be a whole number from 1 to 10000000; found "9"',
    ],
    ['retention', { retention: 400 }, 'option "retention" must be an object; found number'],
    ['retention in memory', { retention: { days: 400 } }, 'option "retention" needs a writer that can remove records'],
    [
      'the days of retention',
      { writer: fileWriter('.'), retention: { days: 0 } },
      'option "retention.days" must be a whole number from 1 to 36500; found number',
    ],
    [
      'the unit of retention',
      { writer: fileWriter('.'), retention: { day: 5 } },
      'unknown option "retention.day" (did you mean "retention.days"?)',
    ],
    [
      'the heartbeat',
      { heartbeatEveryMs: 0.5 },
      'option "heartbeatEveryMs" must be a whole number from 0 to 86400000; found number',
    ],
    ['the clock', { clock: {} }, 'option "clock" must have now(); found object'],
    [
      'the policy',
      { policy: [{ events: 'a.b', wat: 1 }] },
      'policy rule 0: unknown setting "wat" (did you mean "wait"?)',
    ],
  ])('%s', async (_, wrong, message) => {
    const error = await errorOf(() => createAudit({ ...good(), ...wrong } as never))
    expect(error).toMatchObject({
      name: 'TrailproofError',
      code: 'TRAILPROOF_OPTION_INVALID',
      record: 'not-written',
      message,
    })
  })

  it.each([undefined, null, 'shop', []])('options that are %j', async (options) => {
    expect(await errorOf(() => createAudit(options as never))).toMatchObject({ code: 'TRAILPROOF_OPTION_INVALID' })
  })
})

describe('a construction that fails leaves nothing behind', () => {
  it('the slot is free, no listener stays', async () => {
    const listeners = () => ['exit', 'SIGTERM', 'SIGINT'].map((event) => process.listenerCount(event))
    const before = listeners()
    const writer = memoryWriter()
    const leased: string[] = []
    const watched = { ...writer, lease: (service: string) => (leased.push(service), writer.lease(service)) }
    const dir = temporaryFolder()
    const keys = { dir, root: Buffer.alloc(5), store: memoryKeyStore() }
    expect(await errorOf(() => createAudit({ service: 'shop', writer: watched, keys }))).toMatchObject({
      code: 'TRAILPROOF_KEY_INVALID',
    })
    expect({ leased, listeners: listeners() }).toEqual({ leased: [], listeners: before })
    const audit = createAudit({ ...good(), writer })
    expect((await audit.ready).origin).toMatch(/\/shop-0$/)
    await audit.close()
  })

  it('a writer whose folder is wrong says so by name, and no listener stays', async () => {
    const { TrailproofError } = await import('../../src/index.js')
    const before = process.listenerCount('exit')
    const writer = {
      ...memoryWriter(),
      lease: () => {
        throw new TrailproofError('TRAILPROOF_FOLDER_UNWRITABLE', 'cannot write here')
      },
    }
    expect(await errorOf(() => createAudit({ ...good(), writer }))).toMatchObject({
      code: 'TRAILPROOF_FOLDER_UNWRITABLE',
    })
    expect(process.listenerCount('exit')).toBe(before)
  })
})
