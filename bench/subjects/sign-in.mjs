// A shop that signs people in with passport and sessions, over HTTP: bare, audited, or with pino-http into a file.
// The visitors are another process, so all CPU measured here is the server's.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import pino from 'pino'
import { createAudit, fileWriter, memoryKeys } from '../../packages/core/dist/esm/index.js'
import { cpuClock, cpuSince } from '../cpu-time.mjs'
import { input, report } from './audit.mjs'

const { dir, framework, variant, signIns } = input
const { shop } = await import(`./shops/${framework}.mjs`)
const audit = variant === 'audit' ? await openAudit() : undefined
const logger = variant === 'pino-http' ? pino(pino.destination(join(dir, 'http.log'))) : undefined
const server = await shop({ audit, logger })
if (!server.listening) await once(server, 'listening')

await visit(1000)
const bytesBefore = audit ? await written() : undefined
const cpu = cpuClock()
await visit(signIns)
await audit?.flush()
const { main, all } = cpuSince(cpu, signIns)
const bytes = audit ? await written() : undefined
report({
  main,
  all,
  ...(audit && {
    lineBytes: (bytes.lines - bytesBefore.lines) / signIns,
    diskBytes: (bytes.all - bytesBefore.all) / signIns,
  }),
})
process.exit(0) // server and log are given up with the folder

async function openAudit() {
  const opened = createAudit({ service: 'bench', writer: fileWriter(dir), keys: memoryKeys(), heartbeatEveryMs: 0 })
  await opened.ready
  return opened
}

/** Has another process sign in so many times, 16 at once. */
async function visit(count) {
  const script = fileURLToPath(new URL('./visitors.mjs', import.meta.url))
  const visitors = spawn(process.execPath, [script, JSON.stringify({ port: server.address().port, count })], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  const [status] = await once(visitors, 'close')
  if (status !== 0) throw new Error('not everyone could sign in')
}

async function written() {
  await audit.flush()
  return { lines: sizeOf(join(dir, 'bench-0', 'seg')), all: sizeOf(join(dir, 'bench-0')) }
}

function sizeOf(path) {
  return readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0)
}
