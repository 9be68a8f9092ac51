// What a client gets when the disk fails: `refuse` hands over nothing, `continue` answers in time and says so.
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Audit, createAudit, type Disk, fileWriter, nodeDisk, type PolicyRule } from '@trailproof/core'
import session from 'express-session'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createApi } from '../../examples/express-jwt/app.js'
import { attachAudit as attachJwtAudit } from '../../examples/express-jwt/audit.js'
import { createShop } from '../../examples/express-shop/app.js'
import { attachAudit } from '../../examples/express-shop/audit.js'
import { randomPassword } from '../../scripts/demo/world.mjs'
import { serve } from './shop.js'

const WAIT_MS = 1000
const alice = { email: 'alice@shop.example', role: 'customer', password: randomPassword() } as const

let dir: string
let undo: Array<() => unknown>
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'trailproof-faults-'))
  undo = [() => rmSync(dir, { recursive: true, force: true })]
})
afterEach(async () => {
  for (const one of undo.reverse()) await one()
})

/** A disk whose fdatasync, once told to hang, answers only when it is released. */
function hangingDisk(): { disk: Disk; hang(): void; release(): void } {
  let hanging = false
  let waiting: Array<() => void> = []
  return {
    disk: {
      ...nodeDisk,
      async sync(fd) {
        if (hanging) await new Promise<void>((resolve) => waiting.push(resolve))
        await nodeDisk.sync(fd)
      },
    },
    hang() {
      hanging = true
    },
    release() {
      hanging = false
      for (const resolve of waiting.splice(0)) resolve()
      waiting = []
    },
  }
}

async function openShop(onFailure: PolicyRule['onFailure'], logDir: string, disk?: Disk) {
  const store = new session.MemoryStore()
  const audit = createAudit({
    service: 'shop',
    writer: fileWriter(logDir, disk ? { disk } : {}),
    keys: { dir: join(dir, 'keys') },
    policy: [{ events: '*', onFailure: onFailure!, waitAtMostMs: WAIT_MS }],
    heartbeatEveryMs: 0,
  })
  await audit.ready
  const shop = createShop({ users: [alice], audit, attach: attachAudit, store })
  const served = await serve(shop.app, audit)
  undo.push(() => served.stop().catch(() => {}))
  const sessions = () =>
    new Promise<object>((resolve, reject) => store.all((error, all) => (error ? reject(error) : resolve(all ?? {}))))
  return { audit, url: served.url, sessions }
}

async function signIn(url: string) {
  const begun = performance.now()
  const response = await fetch(`${url}/login`, {
    method: 'POST',
    redirect: 'manual',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ email: alice.email, password: alice.password }),
  })
  return {
    status: response.status,
    cookies: response.headers.getSetCookie(),
    body: await response.text(),
    ms: performance.now() - begun,
  }
}

const tokenFor = (url: string) =>
  fetch(`${url}/api/token`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ email: alice.email, password: alice.password }),
  }).then(async (response) => ({ status: response.status, body: await response.text() }))

const isRoot = process.platform === 'linux' && process.getuid?.() === 0

/** A file system of 1 MiB; where it cannot be mounted the test says so and is skipped. */
function tinyDisk(): string {
  const path = join(dir, 'tiny')
  mkdirSync(path)
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', path])
  undo.push(() => execFileSync('umount', [path]))
  return path
}

/** Fills what is left, also the log's ballast when it is given up. */
function fill(path: string): void {
  for (let size = 256 * 1024, n = 0; size >= 1; size = Math.floor(size / 2))
    try {
      for (;;) writeFileSync(join(path, `fill-${n++}`), Buffer.alloc(size))
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error
    }
}

/** Fills the disk until the log cannot write at all any more: its ballast gives way first, then smaller batches still fit. */
async function exhaust(shop: { audit: Audit; url: string }, path: string): Promise<void> {
  for (let tries = 0, red = 0; red < 4; tries++) {
    if (tries === 400) throw new Error('the disk never got full')
    fill(path)
    await signIn(shop.url)
    red = shop.audit.health().status === 'red' ? red + 1 : 0
  }
  fill(path)
}

const failing = (audit: Audit) => until(() => audit.health().status === 'red')
const healthy = (audit: Audit) => until(() => audit.health().status === 'green')

async function until(holds: () => boolean): Promise<void> {
  for (let tries = 0; !holds() && tries < 1000; tries++) await new Promise((resolve) => setTimeout(resolve, 10))
}

describe.each(['hanging', 'full'] as const)("a %s disk under onFailure: 'refuse'", (fault) => {
  it.skipIf(fault === 'full' && !isRoot)('gives 503: no cookie, no token, no session in the store', async () => {
    const slow = hangingDisk()
    const logDir = fault === 'full' ? tinyDisk() : join(dir, 'audit')
    const shop = await openShop('refuse', logDir, fault === 'hanging' ? slow.disk : undefined)
    undo.push(() => slow.release()) // first of all, so that the rest can close
    const good = await signIn(shop.url)
    expect(good.status).toBeLessThan(400)
    const sessionsBefore = Object.keys(await shop.sessions()).length

    slow.hang()
    if (fault === 'full') await exhaust(shop, logDir)
    const before = Object.keys(await shop.sessions()).length
    const refused = await signIn(shop.url)
    expect(refused).toMatchObject({ status: 503, cookies: [] })
    expect(Object.keys(await shop.sessions()).length).toBe(before)
    if (fault === 'hanging') expect(before).toBe(sessionsBefore)
    const token = await tokenFor(shop.url)
    expect(token.status).toBe(503)
    expect(token.body).not.toMatch(/eyJ/)
    expect(shop.audit.health().status).toBe('red')
  })
})

describe.each(['hanging', 'full'] as const)("a %s disk under onFailure: 'continue'", (fault) => {
  it.skipIf(fault === 'full' && !isRoot)(
    'is answered within waitAtMostMs, health is red, and nothing is lost once the disk is back',
    async () => {
      const slow = hangingDisk()
      const logDir = fault === 'full' ? tinyDisk() : join(dir, 'audit')
      const shop = await openShop('continue', logDir, fault === 'hanging' ? slow.disk : undefined)
      undo.push(() => slow.release()) // first of all, so that the rest can close
      await signIn(shop.url)

      slow.hang()
      if (fault === 'full') await exhaust(shop, logDir)
      const answered = await signIn(shop.url)
      await failing(shop.audit)
      const again = await signIn(shop.url)
      expect([answered.status, again.status].every((status) => status < 400)).toBe(true)
      expect(answered.cookies.length).toBeGreaterThan(0)
      expect(shop.audit.health()).toMatchObject({ status: 'red' })
      expect(shop.audit.health().log.queuedRecords).toBeGreaterThan(0)

      if (fault === 'hanging') slow.release()
      else
        for (const file of execFileSync('sh', ['-c', 'ls -d "$0"/fill-*', logDir]).toString().trim().split('\n'))
          rmSync(file)
      await shop.audit.flush()
      await healthy(shop.audit) // the checkpoint is tried again, with back-off
      expect(shop.audit.health()).toMatchObject({ status: 'green', dropped: 0 })
    },
  )
})

describe("the app without passport, on a hanging disk under onFailure: 'refuse'", () => {
  it('hands over no token', async () => {
    const slow = hangingDisk()
    const audit = createAudit({
      service: 'api',
      writer: fileWriter(join(dir, 'audit'), { disk: slow.disk }),
      keys: { dir: join(dir, 'keys') },
      policy: [{ events: '*', onFailure: 'refuse', waitAtMostMs: WAIT_MS }],
    })
    await audit.ready
    const api = await createApi({ users: [alice], audit, attach: attachJwtAudit })
    const { url, stop } = await serve(api.app, audit)
    undo.push(() => stop().catch(() => {}))
    undo.push(() => slow.release())
    const login = () =>
      fetch(`${url}/login`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ email: alice.email, password: alice.password }),
      })
    const good = await login()
    expect(good.status).toBe(200)
    expect(await good.text()).toMatch(/eyJ/)
    slow.hang()
    const refused = await login()
    expect(refused.status).toBe(503)
    expect(await refused.text()).not.toMatch(/eyJ/)
  })
})
