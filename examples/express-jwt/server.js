// Starts the audited API on PORT (default 3000) with one person whose password is new at every start.

import { randomBytes } from 'node:crypto'
import { createApi } from './app.js'
import { attachAudit, createApiAudit } from './audit.js'

const user = { email: 'alice@api.example', password: randomBytes(9).toString('base64url') }

const audit = createApiAudit({ dir: process.env.AUDIT_DIR, keysDir: process.env.AUDIT_KEYS })
const { app } = createApi({ users: [user], audit, attach: attachAudit })

await audit.ready // a log that cannot be opened stops the start here, not at the first sign-in
const server = app.listen(Number(process.env.PORT ?? 3000), '127.0.0.1', (error) => {
  if (error) throw error
  const url = `http://127.0.0.1:${server.address().port}`
  console.log(`curl -H 'content-type: application/json' -d '${JSON.stringify(user)}' ${url}/login`)
  console.log(`curl -H "authorization: Bearer $TOKEN" ${url}/me`)
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
