// A process under load: writes to a log as fast as it is acknowledged, and says on stdout what it was told.
// Usage: node writer-process.mjs DIST DIR MODE, where MODE is load, idle, exit, exit-opening or throw.
import { createHash, createPrivateKey, createPublicKey, sign } from 'node:crypto'
import { writeSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

const [dist, dir, mode] = process.argv.slice(2)
const load = (file) => import(pathToFileURL(join(dist, file)).href)
const { Log } = await load('log/log.js')
const { fileWriter } = await load('writers/file/file-writer.js')

// The seed of testkit's testKey(), so that the parent can open the log as well.
const seed = createHash('sha256').update('test').digest()
const key = createPrivateKey({
  key: Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), seed]),
  format: 'der',
  type: 'pkcs8',
})
const publicKey = Uint8Array.from(createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(-32))

const lease = fileWriter(dir, { segmentRecords: 1024 }).lease('shop')
writeSync(1, `slot ${lease.slot}\n`)
const log = new Log({
  lease,
  service: 'shop',
  key: { publicKey, sign: (message) => sign(null, message, key) },
  limits: { maxQueuedBytes: 16e6, maxQueuedRecords: 1e5 },
  stalledAfterMs: 10_000,
  preamble: () => [],
  randomId: () => 'kill9',
})

let made = 0
function append(settled) {
  const id = `${process.pid}-${made++}`
  const body = `"id":"${id}","padding":"${'x'.repeat(made % 600)}"}`
  log.append({ event: 'test', body, bytes: body.length, wait: made % 50 === 0 ? 'checkpointed' : 'durable', settled })
}

function acknowledge(_error, receipt) {
  if (receipt) writeSync(1, `ack ${receipt.index} ${receipt.leafHash}\n`)
}

if (mode === 'load') {
  const more = (error, receipt) => {
    acknowledge(error, receipt)
    append(more)
  }
  for (let i = 0; i < 100; i++) append(more)
} else if (mode === 'idle') {
  setInterval(() => {}, 1000)
} else {
  process.on('exit', () => {
    if (!log.finishSync(2000)) process.exitCode = 3
  })
  if (mode !== 'exit-opening') await log.ready
  for (let i = 0; i < 500; i++) append(acknowledge)
  if (mode === 'exit-opening') process.exit()
  setImmediate(() => {
    for (let i = 0; i < 500; i++) append(acknowledge)
    if (mode === 'throw') throw new Error('as planned')
    process.exit()
  })
}
