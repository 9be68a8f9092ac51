// Verifying a log, beside hashing the same bytes with openssl.
import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { createAudit, fileWriter, memoryKeys, verifyRoot } from '../packages/core/dist/esm/index.js'
import { median } from './median.mjs'

export async function verifyCost(dir, { records, rounds }) {
  const audit = createAudit({
    service: 'bench',
    writer: fileWriter(dir),
    keys: memoryKeys(),
    heartbeatEveryMs: 0,
    limits: { queueBytes: 2 ** 28, queueRecords: 1_000_000 },
  })
  await audit.ready
  for (let i = 0; i < records; i++) {
    void audit.record(
      { event: 'login.succeeded', claimed: `user-${i % 500}`, actor: { id: i % 500 }, auth: { method: 'password' } },
      { wait: 'queued' },
    )
    if (i % 20_000 === 0) await audit.flush()
  }
  await audit.close()
  const seg = join(dir, 'bench-0', 'seg')
  const files = readdirSync(seg).map((name) => join(seg, name))
  const ratios = []
  for (let round = 0; round <= rounds; round++) {
    const begun = performance.now()
    const report = await verifyRoot(dir)
    const ours = performance.now() - begun
    if (!report.ok) throw new Error('the log does not verify')
    const openssl = performance.now()
    spawnSync('openssl', ['dgst', '-sha256', ...files])
    if (round > 0) ratios.push(ours / (performance.now() - openssl))
  }
  return { records, ratio: median(ratios) }
}
