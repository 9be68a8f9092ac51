// An application of several cluster workers, each with an audit of its own on the same folder. Every line on stdin goes to
// all of them, but for `restart`: then each in turn is ended by SIGTERM and replaced, as a rolling deployment does.
// Usage: node cluster.mjs JSON, as application.mjs.
import cluster from 'node:cluster'
import { once } from 'node:events'
import { writeSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

const WORKERS = 4
cluster.setupPrimary({
  exec: fileURLToPath(new URL('application.mjs', import.meta.url)),
  args: [process.argv[2]],
  stdio: ['pipe', 'inherit', 'inherit', 'ipc'],
})
let workers = Array.from({ length: WORKERS }, () => cluster.fork())
const input = createInterface({ input: process.stdin })
input.on('line', async (line) => {
  if (line !== 'restart') {
    for (const worker of workers) worker.process.stdin.write(`${line}\n`)
    return
  }
  const old = workers
  workers = []
  for (const worker of old) {
    worker.process.kill('SIGTERM')
    await once(worker.process, 'exit')
    workers.push(cluster.fork())
  }
  writeSync(1, 'restarted\n')
})
input.on('close', () => process.exit()) // the workers lose their stdin with it
