// Whoever owns the running application, its clock, or an account of it. What it says from now on, a log can only keep.
import { vi } from 'vitest'
import { type Attack, fact, nothing, problem } from '../attack.js'
import { BRACKET, WENT_ON } from '../evidence.js'
import { killed, live } from '../lives.js'
import { linesOf, type Scene } from '../scene.js'

const who = 'owns the application server'
const HOUR_MS = 3_600_000
const STEP = '`audit.clock_stepped` says when and by how much; the order of the index stands'
const SILENT = 'the heartbeats end, and no `audit.stopped` follows'
const ONE_LINE = 'the text stands in one record, encoded; there is no other'

const parsed = (s: Scene) => linesOf(s.log).map((line) => JSON.parse(line))

export const host: Attack[] = [
  {
    who: 'owns a user account',
    does: 'types line breaks, terminal codes and a whole false record into the name field',
    async act(s) {
      const evil = '\r\n{"v":1,"seq":0,"event":"login.succeeded"}\n\u001b[2K\u009b1A\u202e'
      await live(s, (audit) => audit.record({ event: 'login.failed', claimed: evil, data: { evil, [evil]: 1 } }))
      const added = parsed(s).slice(s.size)
      const ours = added.filter(({ event }) => !event.startsWith('audit.'))
      const bytes = linesOf(s.log).join('')
      const isEncoded =
        ours.length === 1 && ours[0].event === 'login.failed' && !/[\u0000-\u001f\u007f-\u009f\u202e]/.test(bytes)
      if (isEncoded) s.facts.said = ONE_LINE
    },
    locally: nothing,
    with: { 'the records': fact(ONE_LINE) },
    remark: 'There is nothing to find: it cannot be done.',
  },
  {
    who,
    does: 'sets the clock back while the service runs',
    async act(s) {
      await live(s, async (audit) => {
        await audit.record({ event: 'login.failed' })
        const now = Date.now
        const back = vi.spyOn(Date, 'now').mockImplementation(() => now.call(Date) - HOUR_MS)
        await audit.record({ event: 'login.failed' })
        back.mockRestore()
      })
      const steps = parsed(s).filter(({ event }) => event === 'audit.clock_stepped')
      if (steps[0]?.data.step_ms < -HOUR_MS + 10_000) s.facts.said = STEP
    },
    locally: nothing,
    with: { 'the records': fact(STEP) },
  },
  {
    who,
    does: 'starts the service with its clock set back a day, so that its records are back-dated',
    async act(s) {
      const clock = { now: () => Date.now() - 24 * HOUR_MS }
      await live(s, (audit) => audit.record({ event: 'login.failed' }), { clock })
    },
    locally: nothing,
    with: { 'a folder elsewhere': nothing, 'the times of a folder elsewhere': fact(BRACKET) },
    remark:
      'Times are what a clock read. An entry first covered by the anchored checkpoint k was written between the times of k-1 and k, whatever it says.',
  },
  {
    who,
    does: 'makes the process stop logging, while it goes on working',
    async act(s) {
      await killed(s, (audit) => audit.record({ event: 'login.failed' }))
      s.facts.now = new Date(Date.now() + 2 * HOUR_MS)
      const last = parsed(s).findLast(({ event }) => event === 'audit.heartbeat' || event === 'audit.started')
      const silentMs = s.facts.now.getTime() - Date.parse(last.time)
      if (silentMs > HOUR_MS && parsed(s).at(-1).event !== 'audit.stopped') s.facts.said = SILENT
    },
    locally: nothing,
    with: {
      'a folder elsewhere': nothing,
      'a folder elsewhere, at most an hour old': problem('unanchored', 'above the newest anchored size', (s) => ({
        from: s.size,
        to: linesOf(s.log).length,
      })),
      'the records': fact(SILENT),
    },
    remark:
      'No log can hold what never reached it. Compare counts with the identity provider, the load balancer, the sessions.',
  },
  {
    who,
    does: 'writes false records from now on',
    act: (s) => live(s, (audit) => audit.record({ event: 'login.succeeded', actor: { id: 'somebody else' } })),
    locally: nothing,
    with: {
      'a folder elsewhere': nothing,
      'a copy of a checkpoint': nothing,
      'a receipt': fact(WENT_ON),
      'the next start': fact(WENT_ON),
      'the records': fact(WENT_ON),
    },
    remark: 'Nothing finds it. What stood there before he came, and was anchored, he cannot change.',
  },
]
