// Durable throughput, beside the bare system calls on the same disk.
import { runSubject } from '../alternate.mjs'
import { median } from '../median.mjs'

export const title = 'Durable throughput'

export async function measure({ dir, rounds, quick, say }) {
  const count = quick ? 50_000 : 300_000
  const [ratios, control] = [[], []]
  for (let round = 0; round < rounds; round++) {
    const ours = await runSubject('record', { count, wait: 'queued' }, dir)
    const raw = await runSubject('raw', { bytes: ours.bytes }, dir)
    const again = await runSubject('raw', { bytes: ours.bytes }, dir)
    ratios.push(raw.seconds / ours.seconds)
    control.push(raw.seconds / again.seconds)
  }
  say('durable events/s, against raw 64 KiB appends + fdatasync of the same bytes', median(ratios), '≥ 0.7')
  say('  A/A: the raw appends against themselves', median(control))
}
