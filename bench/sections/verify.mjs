// Verifying a log on one thread and on two, beside hashing the same bytes with openssl.
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { alternate, medianOf, ratioOf, runSubject } from '../alternate.mjs'

export const title = 'Verification'

export async function measure({ dir, rounds, quick, records, say }) {
  const count = records ?? (quick ? 200_000 : 1_000_000)
  const log = join(dir, 'to-verify')
  const { bytes } = await runSubject('make-log', { keep: log, count }, dir)
  const of = await alternate(
    {
      openssl: ['openssl', { log }],
      control: ['openssl', { log }],
      one: ['verify', { log, threads: 1 }],
      two: ['verify', { log, threads: 2 }],
    },
    { rounds, dir },
  )
  rmSync(log, { recursive: true, force: true })
  const seconds = (result) => result.seconds
  const name = `${of.one[0].records.toLocaleString('en')} records (${(bytes / 1e6).toFixed(0)} MB)`
  say(`verify of ${name}, one thread, against openssl dgst -sha256`, ratioOf(of.one, of.openssl, seconds), '≤ 6')
  say('  two threads', ratioOf(of.two, of.openssl, seconds), '≤ 3.5')
  say('  A/A: openssl against itself', ratioOf(of.control, of.openssl, seconds))
  say(
    '  CPU of a record: one thread, two',
    [of.one, of.two].map((r) => `${medianOf(r, (one) => one.cpu).toFixed(2)} µs`).join(', '),
  )
  say(
    '  most memory (RSS): one thread, two',
    [of.one, of.two].map((r) => `${medianOf(r, (one) => one.rssMb).toFixed(0)} MB`).join(', '),
  )
}
