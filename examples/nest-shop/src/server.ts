// Starts the audited shop on PORT (default 3000) with three people whose passwords are new at every start.
import { randomBytes } from 'node:crypto'
import { createShop } from './app.js'
import { attachAudit, createShopAudit } from './audit.js'

const person = (email: string, role: 'customer' | 'admin') => ({
  email,
  role,
  password: randomBytes(9).toString('base64url'),
})
const users = [
  person('alice@shop.example', 'customer'),
  person('bob@shop.example', 'customer'),
  person('dana@shop.example', 'admin'),
]

const audit = createShopAudit({ dir: process.env['AUDIT_DIR'], keysDir: process.env['AUDIT_KEYS'] })
await audit.ready // a log that cannot be opened stops the start here, not at the first sign-in
const { nest } = await createShop({ users, audit, attach: attachAudit })
nest.enableShutdownHooks() // so that a signal ends requests in progress, and then writes out what they recorded
await nest.listen(Number(process.env['PORT'] ?? 3000), '127.0.0.1')
console.log(`shop: ${await nest.getUrl()}`)
for (const { email, role, password } of users) console.log(`  ${role.padEnd(8)} ${email}  ${password}`)
