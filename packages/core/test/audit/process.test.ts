// The end of a process, on the build: what is queued is written, and a signal ends what it would have ended without us.
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { expect, it } from 'vitest'

const build = new URL('../../dist/esm/index.js', import.meta.url)

/** Runs a program with an audit whose writer says what it is given; answers how it ended. */
function run(program: string, signal?: NodeJS.Signals): Promise<{ events: string[]; ended: string | number | null }> {
  const code = `
    import { writeSync } from 'node:fs'
    import { createAudit, memoryKeys, memoryWriter } from ${JSON.stringify(build.href)}
    const memory = memoryWriter()
    const said = (bytes) => { for (const [, event] of Buffer.from(bytes).toString().matchAll(/"event":"([^"]+)"/g)) writeSync(1, event + '\\n') }
    const writer = { ...memory, lease(service) {
      const lease = memory.lease(service)
      const watched = (log) => ({ ...log,
        append: (batch) => log.append(batch).then(() => said(batch.bytes)),
        finishSync: (batch, ...rest) => { const done = log.finishSync(batch, ...rest); if (batch) said(batch.bytes); return done } })
      return { ...lease, open: async (request) => watched(await lease.open(request)), openSync: (request) => watched(lease.openSync(request)) }
    } }
    const audit = createAudit({ service: 'shop', writer, keys: memoryKeys(), heartbeatEveryMs: 0 })
    ${program}`
  const child = spawn(process.execPath, ['--input-type=module', '-e', code], { stdio: ['ignore', 'pipe', 'ignore'] })
  return new Promise((resolve) => {
    let out = ''
    child.stdout.on('data', (chunk: Buffer) => {
      out += chunk
      if (signal && out.includes('ready\n')) child.kill(signal)
    })
    child.on('close', (code, by) => resolve({ events: out.split('\n').filter(Boolean), ended: by ?? code }))
  })
}

const started = ['audit.started', 'audit.heartbeat', 'audit.stopped']
const live =
  "setInterval(() => {}, 1e6); await audit.ready; await audit.record({ event: 'login.failed' }); writeSync(1, 'ready\\n')"

it.skipIf(!existsSync(build)).each<[string, string, NodeJS.Signals | undefined, string[], string | number]>([
  ['a program that simply ends', "audit.record({ event: 'login.failed' })", undefined, [...started, 'login.failed'], 0],
  [
    'process.exit() right after a record',
    "audit.record({ event: 'login.failed' }).catch(() => {}); process.exit(3)",
    undefined,
    [...started, 'login.failed'],
    3,
  ],
  [
    'an error nobody catches',
    "process.on('uncaughtExceptionMonitor', () => {}); audit.record({ event: 'login.failed' }).catch(() => {}); throw new Error('expected by this test')",
    undefined,
    [...started, 'login.failed'],
    1,
  ],
  ['SIGTERM where nobody else listens', live, 'SIGTERM', [...started, 'login.failed', 'ready'], 'SIGTERM'],
  ['SIGINT where nobody else listens', live, 'SIGINT', [...started, 'login.failed', 'ready'], 'SIGINT'],
  [
    'SIGTERM that the application handles itself',
    `process.on('SIGTERM', () => setTimeout(() => process.exit(7), 20)); ${live}`,
    'SIGTERM',
    [...started, 'login.failed', 'ready'],
    7,
  ],
])('%s', async (_, program, signal, events, ended) => {
  const said = await run(program, signal)
  expect({ events: said.events.sort(), ended: said.ended }).toEqual({ events: [...events].sort(), ended })
})
