// An application tests what it records: with an audit in memory, and against a log on disk.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { createAudit, fileWriter, memoryKeys, TrailproofError, verifyRoot } from '@trailproof/core'
import { memoryAudit } from '@trailproof/testkit'

test('what was recorded is found in memory', async () => {
  const { audit, records, close } = memoryAudit()
  await audit.record({ event: 'login.failed', claimed: 'ann', reason: 'bad_credentials' })
  expect(await records('login.*')).toMatchObject([{ event: 'login.failed', reason: 'bad_credentials' }])
  await close()
})

test('a log on disk is written from within jest', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'trailproof-jest-'))
  const audit = createAudit({ service: 'shop', writer: fileWriter(dir), keys: memoryKeys() })
  const { state } = await audit.record({ event: 'invoice.exported' }, { wait: 'durable' })
  expect(state).toBe('durable')
  await audit.close()
  const report = await verifyRoot(dir)
  expect(report.ok).toBe(true)
  rmSync(dir, { recursive: true })
})

test('bad input is a coded error, of a class that can be told', async () => {
  const { audit, close } = memoryAudit()
  await expect(audit.record({ event: 'Not A Name' })).rejects.toBeInstanceOf(TrailproofError)
  await close()
})
