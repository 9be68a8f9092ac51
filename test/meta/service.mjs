// A process of a service that keeps a log until it is told to stop: argv is root, keys, service.
import { createAudit, fileWriter } from '../../packages/core/dist/esm/index.js'

const [root, dir, service] = process.argv.slice(2)
const audit = createAudit({ service, writer: fileWriter(root), keys: { dir }, heartbeatEveryMs: 200 })
await audit.ready
await audit.record({ event: 'admin.action' }, { wait: 'checkpointed' })
await audit.flush()
process.on('SIGTERM', async () => {
  await audit.close()
  process.exit()
})
process.stdout.write('ready\n')
setInterval(() => {}, 1000)
