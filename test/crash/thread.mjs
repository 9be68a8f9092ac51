// An application whose audit lives in a worker thread of the application: `start` begins a thread with application.mjs,
// `terminate` ends it from outside; every other line is for the thread.
import { writeSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { Worker } from 'node:worker_threads'

let thread
const input = createInterface({ input: process.stdin })
input.on('line', async (line) => {
  if (line === 'start') {
    thread = new Worker(new URL('application.mjs', import.meta.url), { argv: [process.argv[2]], stdin: true })
    thread.on('exit', () => writeSync(1, 'thread gone\n'))
  } else if (line === 'terminate') await thread.terminate()
  else thread.stdin.write(`${line}\n`)
})
input.on('close', () => process.kill(process.pid, 'SIGKILL')) // whoever started us is gone
