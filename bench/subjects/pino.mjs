// The same as record.mjs with pino: `sync`, `async` (sync: false) or its `worker` transport, always into a file.
import { once } from 'node:events'
import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import pino from 'pino'
import { cpuClock, cpuSince } from '../cpu-time.mjs'
import { input, nextTurn, report } from './audit.mjs'

const { dir, count, mode, objectsFile, warmUp = 20_000 } = input
const objects = JSON.parse(readFileSync(objectsFile, 'utf8'))
const file = join(dir, 'pino.log')
const stream =
  mode === 'worker'
    ? pino.transport({ target: 'pino/file', options: { destination: file } })
    : pino.destination({ dest: file, sync: mode === 'sync', minLength: mode === 'async' ? 4096 : 0 })
setInterval(() => {}, 1000) // a transport does not keep the process alive while one waits for it
if (mode === 'worker') await once(stream, 'ready')
const logger = pino(stream)

async function flood(records) {
  for (let i = 0; i < records; i++) {
    logger.info(objects[i % objects.length])
    if (i % 100 === 99) {
      await nextTurn()
      if (stream.writableNeedDrain) await once(stream, 'drain')
    }
  }
  if (mode === 'sync') stream.flushSync()
  else await new Promise((resolve, reject) => logger.flush((error) => (error ? reject(error) : resolve())))
}

await flood(warmUp)
const bytesBefore = statSync(file).size
const [begun, cpu] = [performance.now(), cpuClock()]
await flood(count)
const { main, all } = cpuSince(cpu, count)
const seconds = (performance.now() - begun) / 1000
const lineBytes = (statSync(file).size - bytesBefore) / count
report({ main, all, perSecond: count / seconds, seconds, lineBytes, rssMb: process.resourceUsage().maxRSS / 1024 })
process.exit(0) // the worker has flushed; its thread need not be waited for
