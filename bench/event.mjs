// The one event that every figure is about: a sign-in with claimed name, session, token and some data, 1,000 accounts in
// turn. pino gets an object with the fields of the record that comes of it, so both write the same information.
import { createAudit, memoryKeys, memoryWriter } from '../packages/core/dist/esm/index.js'

const ACCOUNTS = 1000

/** What the application hands to audit.record(), one for each account. */
export const events = Array.from({ length: ACCOUNTS }, (_, i) => ({
  event: 'login.succeeded',
  claimed: `customer.${i}@mail.example`,
  actor: { id: 100_000 + i },
  auth: { method: 'password', strategy: 'local', factors: ['password', 'totp'] },
  session: `session-${i.toString(36).padStart(24, 'k')}`,
  token: {
    jti: `jti-${i}`,
    alg: 'EdDSA',
    kid: 'shop-2026-11',
    iss: 'https://shop.example',
    exp: 1_795_000_000,
    verified: true,
  },
  tenant: `tenant-${i % 20}`,
  data: { plan: 'business', attempt: 1 + (i % 3), remembered: i % 2 === 0, region: 'eu-central' },
}))

/** The objects for pino: each record without what pino adds by itself (time; v and seq have level and pid for company). */
export async function recordObjects() {
  const writer = memoryWriter()
  const audit = createAudit({ service: 'bench', writer, keys: memoryKeys(), heartbeatEveryMs: 0 })
  await audit.ready
  await Promise.all(events.map((event) => audit.record(event)))
  await audit.close()
  const records = writer.logs[0].lines
    .map((line) => JSON.parse(line))
    .filter(({ event }) => event === 'login.succeeded')
  if (records.length !== ACCOUNTS) throw new Error(`${records.length} records of ${ACCOUNTS}`)
  return records.map(({ v, seq, time, ...fields }) => fields)
}
