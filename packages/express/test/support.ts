// Express 4 and 5 over real HTTP, with an audit whose log obeys.
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import type { AuditOptions } from '@trailproof/core'
import { coreOf } from '@trailproof/core/adapter'
import express5 from 'express'
// @ts-expect-error an alias of express, without types of its own
import express4 from 'express4'
import { listen, RawClient, request } from '../../core/test/http/raw.js'
import { type TestAudit, testAudit } from '../../core/test/support.js'
import { auditExpress } from '../src/index.js'

export { deferred, eventually, listen, masked, quiet, RawClient, request, turn } from '../../core/test/http/raw.js'
export { Faulty, type Line, type TestAudit, testAudit } from '../../core/test/support.js'

export type Express = typeof express5
export type App = ReturnType<Express>
export const versions: [string, Express][] = [
  ['Express 4', express4 as unknown as Express],
  ['Express 5', express5],
]

/** Serves an audited application; `tell` records as a hook would, from inside a handler. */
export async function serve(
  express: Express,
  build: (app: App, t: TestAudit) => void,
  options: Partial<AuditOptions> = {},
  before?: (app: App) => void,
) {
  const t = testAudit(options)
  await t.audit.ready
  await t.audit.flush()
  const app = express()
  app.set('env', 'test')
  before?.(app)
  app.use(auditExpress(t.audit))
  build(app, t)
  const { port, server } = await listen(app as RequestListener)
  const url = `http://127.0.0.1:${port}`
  return { t, app, port, server, url, raw: (...requests: string[]) => RawClient.to(port).send(...requests) }
}

/** As a hook: records, and lets the gate see to the response. */
export function tell(t: TestAudit, event: string, more: object = {}): void {
  void coreOf(t.audit).observe({ event, hook: 'test', ...more })
}

/** One answer as raw bytes, from a fresh connection. */
export function answer(port: number, path: string, method = 'GET', headers = ''): Promise<string> {
  return RawClient.to(port).send(request(path, method, `Connection: close\r\n${headers}`)).closed
}

export type Handler = (req: IncomingMessage, res: ServerResponse) => void
