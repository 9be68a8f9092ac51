// Verifies the log in `log`, on as many threads as said; the time to start Node is not counted.
import { verifyRoot } from '../../packages/core/dist/esm/index.js'
import { cpuClock, cpuSince } from '../cpu-time.mjs'
import { input, report } from './audit.mjs'

const { log, threads } = input
const [begun, cpu] = [performance.now(), cpuClock()]
const { ok, logs } = await verifyRoot(log, { threads })
const seconds = (performance.now() - begun) / 1000
if (!ok) throw new Error('the log does not verify')
const records = logs[0].size
report({ seconds, cpu: cpuSince(cpu, records).all, records, rssMb: process.resourceUsage().maxRSS / 1024 })
