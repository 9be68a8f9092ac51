// The whole way: an application with anchors, an attacker who owns folder and key, and a verifier who names the anchor.
import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { folderAnchor, timestampAnchor } from '@trailproof/anchors'
import { type AuditOptions, createAudit, fileWriter } from '@trailproof/core'
import { describe, expect, it, onTestFinished } from 'vitest'
import { Authority, noOpenssl } from '../../packages/anchors/test/authority.js'
import { temporaryFolder } from '../../packages/anchors/test/support.js'

const bin = join(import.meta.dirname, '..', '..', 'packages', 'cli', 'bin', 'trailproof.js')

function verify(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [bin, 'verify', ...args], { encoding: 'utf8' })
  return { code: status, out: stdout, err: stderr }
}
const verifyJson = (...args: string[]) => {
  const { code, out } = verify(...args, '--json')
  return { code, ...JSON.parse(out) }
}

async function live(dir: string, options: Partial<AuditOptions>, events = 3) {
  const audit = createAudit({
    service: 'shop',
    writer: fileWriter(join(dir, 'audit')),
    keys: { dir: join(dir, 'keys') },
    heartbeatEveryMs: 0,
    ...options,
  })
  const { vkey, origin } = await audit.ready
  for (let i = 0; i < events; i++) await audit.record({ event: 'login.failed', reason: `${i}` })
  await audit.close()
  return { vkey, origin, log: join(dir, 'audit', 'shop-0'), anchors: audit.health().anchors }
}

describe.skipIf(!existsSync(join(bin, '..', '..', 'dist')))('a folder elsewhere', () => {
  it('finds a folder put back, a last moment cut off, and tells trust, age and what is not anchored', async () => {
    const dir = temporaryFolder()
    const elsewhere = temporaryFolder()
    const anchors = [folderAnchor(elsewhere)]
    const first = await live(dir, { anchors })
    cpSync(first.log, join(dir, 'older'), { recursive: true })
    const { vkey, log } = await live(dir, { anchors })
    const named = ['--key', vkey, '--anchor-folder', elsewhere]

    const good = verifyJson(log, ...named, '--require-anchor', '--max-age', '600')
    const { size } = good.logs[0]
    expect(good).toMatchObject({
      code: 0,
      trust: 'anchored',
      logs: [
        { anchored: { size, by: `folder ${elsewhere}` }, unanchored: 0, unanchoredSeconds: 0, problems: [], notes: [] },
      ],
    })
    const { out } = verify(log, ...named)
    expect(out).toMatch(
      /anchored {5}\d+ records, by folder .*, at 20\S+, \d+ seconds ago; 0 records of 0 seconds lie above/,
    )
    expect(out).toContain('trust: anchored: ')
    expect(out).not.toContain('not shown by this')

    rmSync(log, { recursive: true })
    cpSync(join(dir, 'older'), log, { recursive: true })
    expect(verifyJson(log, '--key', vkey)).toMatchObject({ code: 0, ok: true, trust: 'key' })
    const back = verifyJson(log, ...named)
    expect(back).toMatchObject({ code: 1, logs: [{ problems: [{ kind: 'rolled_back', to: size }] }] })
    expect(back.logs[0].problems[0].from).toBe(back.logs[0].size)
    rmSync(join(dir, 'audit'), { recursive: true })
    expect(verify(join(dir, 'audit'), ...named).code).toBe(2)
  })

  it('finds a record that was rewritten and signed anew with the stolen key', async () => {
    const dir = temporaryFolder()
    const elsewhere = temporaryFolder()
    const { vkey, log } = await live(dir, { anchors: [folderAnchor(elsewhere)] })
    const segment = join(log, 'seg', readdirSync(join(log, 'seg'))[0]!)
    const lines = readFileSync(segment, 'utf8').replace('"reason":"1"', '"reason":"9"')
    // The thief shares no code with the product.
    for (const name of ['checkpoint', 'checkpoints.log', 'tile', 'seg']) rmSync(join(log, name), { recursive: true })
    const forge = join(import.meta.dirname, 'forge-log.mjs')
    writeFileSync(join(dir, 'lines'), lines)
    execFileSync(process.execPath, [forge, join(dir, 'lines'), log, join(dir, 'keys', 'signing.key'), vkey])
    expect(verifyJson(log, '--key', vkey)).toMatchObject({ code: 0, ok: true, trust: 'key' })
    const found = verifyJson(log, '--key', vkey, '--anchor-folder', elsewhere)
    expect(found).toMatchObject({ code: 1, ok: false })
    expect(found.logs[0].problems).toContainEqual(expect.objectContaining({ kind: 'forked' }))
  })

  it('without an anchor that is named, --require-anchor and --max-age are wrong use', () => {
    for (const option of [['--require-anchor'], ['--max-age', '60']])
      expect(verify(temporaryFolder(), ...option)).toMatchObject({
        code: 2,
        err: expect.stringContaining('no anchor is named'),
      })
    expect(verify(temporaryFolder(), '--max-age', 'soon').code).toBe(2)
  })
})

describe.skipIf(noOpenssl)('a timestamp authority', () => {
  it('vouches for what is kept beside the log; a receipt that was taken away is missed by its age', async () => {
    const dir = temporaryFolder()
    const authority = new Authority()
    onTestFinished(() => authority.remove())
    authority.certify({ name: 'root', ca: true })
    authority.certify({ name: 'middle', ca: true }, 'root')
    authority.certify({ name: 'tsa', usage: 'critical,timeStamping' }, 'middle')
    const ca = authority.path('root.pem')
    const anchors = [timestampAnchor({ url: async (request) => authority.reply(request), ca: authority.pem('root') })]
    const { vkey, log } = await live(dir, { anchors })
    const kept = readdirSync(join(log, 'anchors')).sort()
    const [data, tsr] = kept.slice(-2).map((name) => join(log, 'anchors', name)) as [string, string]
    expect(authority.verifies(tsr, data)).toBe(true)

    const good = verifyJson(log, '--key', vkey, '--tsa-ca', ca, '--require-anchor', '--max-age', '600')
    expect(good).toMatchObject({
      code: 0,
      trust: 'anchored',
      logs: [{ anchored: { size: good.logs[0].size, by: 'timestamp authority' }, unanchored: 0, notes: [] }],
    })
    authority.certify({ name: 'stranger', ca: true })
    expect(
      verifyJson(log, '--key', vkey, '--tsa-ca', authority.path('stranger.pem'), '--require-anchor'),
    ).toMatchObject({
      code: 1,
      trust: 'key',
      logs: [{ problems: [{ kind: 'unanchored' }], notes: [{ kind: 'receipt_refused' }] }],
    })
    rmSync(join(log, 'anchors'), { recursive: true })
    expect(verifyJson(log, '--key', vkey, '--tsa-ca', ca)).toMatchObject({ code: 0, trust: 'key' })
    expect(verifyJson(log, '--key', vkey, '--tsa-ca', ca, '--max-age', '600').code).toBe(1)
  })
})
