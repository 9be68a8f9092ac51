// Through the real core, down to the lines of the log: no token, key or claim of others stands there.
import { createAudit, memoryKeys, memoryWriter } from '@trailproof/core'
import jsonwebtoken from 'jsonwebtoken'
import { expect, test } from 'vitest'
import { auditJwt } from '../src/index.js'

test('a token issued, verified, rejected, and revoked and used again, as they stand in the log', async () => {
  const writer = memoryWriter()
  const audit = createAudit({ service: 'shop', writer, keys: memoryKeys(), heartbeatEveryMs: 0 })
  auditJwt(audit, jsonwebtoken)
  const claims = { sub: 'user-one', cart: 'things of no concern' }
  const token = jsonwebtoken.sign(claims, 'a-secret-of-the-shop', {
    jwtid: 'first-token',
    issuer: 'shop',
    expiresIn: 60,
  })
  jsonwebtoken.verify(token, 'a-secret-of-the-shop')
  expect(() => jsonwebtoken.verify(token, 'another-secret')).toThrow('invalid signature')
  await audit.tokenRevoked(token)
  jsonwebtoken.verify(token, 'a-secret-of-the-shop')
  await audit.flush()
  audit.detach()
  const lines = writer.logs.flatMap((log) => log.lines)
  const records = lines.map((line) => JSON.parse(line)).filter((record) => record.hook === 'jwt')
  expect(records.map((r) => [r.event, r.outcome, r.reason, r.token.iss, r.token.verified])).toEqual([
    ['token.issued', 'success', undefined, 'shop', true],
    ['token.verified', 'success', undefined, 'shop', true],
    ['token.rejected', 'denied', 'bad_signature', 'shop', false],
    ['token.reuse_detected', 'denied', undefined, 'shop', true],
  ])
  expect(new Set(records.map((r) => r.token.ref)).size).toBe(1)
  expect(new Set([records[0], records[1], records[3]].map((r) => r.actor.ref)).size).toBe(1)
  expect(lines.join()).not.toMatch(/user-one|concern|first-token|secret-of|another-secret|eyJ/)
  await audit.close()
})
