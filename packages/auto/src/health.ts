// The application holds no audit to ask: that its log fails, and that it works again, is said on stderr.
import { type Audit, TrailproofError } from '@trailproof/core'
import { say } from './say.js'

const LOOK_EVERY_MS = 5000

export function tellHealth(audit: Audit): void {
  let status = 'green'
  const look = () => {
    const health = audit.health()
    if (health.status === status || health.log.state === 'closed') return
    status = health.status
    const [problem] = health.problems
    if (status === 'green')
      say(new TrailproofError('TRAILPROOF_WRITE_FAILED', 'the audit log works again'), 'health is green')
    else say(Object.assign(new Error(problem?.message), { code: problem?.code }), 'health of the audit log is red')
  }
  setInterval(look, LOOK_EVERY_MS).unref()
  audit.ready.then(look, (error: unknown) => say(error, 'the audit log cannot be opened'))
}
