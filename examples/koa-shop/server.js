// Starts the audited shop on PORT (default 3000) with three people whose passwords are new at every start.

import { randomBytes } from 'node:crypto'
import { createShop } from './app.js'
import { attachAudit, createShopAudit } from './audit.js'

const person = (email, role) => ({ email, role, password: randomBytes(9).toString('base64url') })
const users = [
  person('alice@shop.example', 'customer'),
  person('bob@shop.example', 'customer'),
  person('dana@shop.example', 'admin'),
]

const audit = createShopAudit({ dir: process.env.AUDIT_DIR, keysDir: process.env.AUDIT_KEYS })
const { app } = createShop({ users, audit, attach: attachAudit })

await audit.ready // a log that cannot be opened stops the start here, not at the first sign-in
const server = app.listen(Number(process.env.PORT ?? 3000), '127.0.0.1', (error) => {
  if (error) throw error
  console.log(`shop: http://127.0.0.1:${server.address().port}`)
  for (const { email, role, password } of users) console.log(`  ${role.padEnd(8)} ${email}  ${password}`)
})

async function stop() {
  await new Promise((resolve) => {
    server.close(resolve)
    server.closeIdleConnections()
  })
  await audit.close() // after the last request: its records belong to the log
}
process.once('SIGINT', stop)
process.once('SIGTERM', stop)
