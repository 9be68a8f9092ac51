// What every framework adapter must keep to, over real HTTP. A first suite: context, device, denials, the gate.
import { request } from 'node:http'
import type { Audit } from '@trailproof/core'
import { type MemoryAudit, memoryAudit } from './memory-audit.js'
import type { TestRunner } from './writer-contract.js'

/** As a proxy makes it: another form is the client's own words. */
const REQUEST_ID = '4bf92f3577b34da6a3ce929d0e0e4736'

/** An application made with the adapter, listening on loopback. */
export interface AppUnderTest {
  url: string
  stop(): Promise<void>
}

export interface AdapterContractOptions {
  name: string
  /**
   * Builds an application whose context middleware is mounted twice, with these routes:
   *
   * - `GET /open` answers 200 and records nothing
   * - `GET /denied/:id` answers 403 by itself
   * - `POST /login` calls `audit.record({ event: 'login.failed', claimed: 'ann' })` and answers 401
   * - `GET /items/:id` is audited as `item.read` by the adapter's own means, and answers 200
   */
  create(audit: Audit): Promise<AppUnderTest>
}

interface Answer {
  status: number
  cookies: string[]
}

export function adapterContract({ name, create }: AdapterContractOptions, { describe, it, expect }: TestRunner): void {
  describe(`adapter contract: ${name}`, () => {
    const withApp = (body: (app: AppUnderTest, memory: MemoryAudit) => Promise<void>) => async () => {
      const memory = memoryAudit()
      const app = await create(memory.audit)
      try {
        await body(app, memory)
      } finally {
        await app.stop()
        await memory.close()
      }
    }

    it(
      'a request without an event leaves no record',
      withApp(async ({ url }, { records }) => {
        expect((await ask(`${url}/open`)).status).toBe(200)
        expect(await records()).toEqual([])
      }),
    )

    it(
      'a denial is recorded once, with the pattern of its route and its status, though the middleware is mounted twice',
      withApp(async ({ url }, { records }) => {
        expect((await ask(`${url}/denied/4711?token=secret`)).status).toBe(403)
        const [denied, ...more] = await records('authz.denied')
        expect(more).toEqual([])
        expect(denied).toMatchObject({
          outcome: 'denied',
          reason: 'forbidden',
          http: { method: 'GET', route: '/denied/:id', status: 403 },
        })
        expect(JSON.stringify(denied)).not.toMatch(/4711|secret/)
      }),
    )

    it(
      'a failed sign-in is not told a second time by its 401, and the browser gets a device that is known again',
      withApp(async ({ url }, { records }) => {
        const first = await ask(`${url}/login`, { method: 'POST' })
        const cookie = first.cookies.find((one) => one.startsWith('tp_device='))?.split(';')[0]
        expect(cookie).toMatch(/^tp_device=/)
        await ask(`${url}/login`, { method: 'POST', headers: { cookie: cookie! } })
        const all = await records()
        expect(all.map(({ event }) => event)).toEqual(['login.failed', 'login.failed'])
        const devices = all.map(({ client }) => client as Record<string, string>)
        expect(devices[1]).toMatchObject({ device: devices[0]!['device'], device_source: 'cookie' })
      }),
    )

    it(
      'address, agent, request id and trace come from the request, and a forwarding header of a stranger does not count',
      withApp(async ({ url }, { records }) => {
        const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
        const headers = {
          'user-agent': 'Contract/1.0',
          'x-request-id': REQUEST_ID,
          'x-forwarded-for': '203.0.113.9',
          traceparent,
        }
        await ask(`${url}/items/7`, { headers })
        const [item] = await records('item.read')
        expect(item).toMatchObject({
          outcome: 'success',
          client: { ip: '127.0.0.1', ip_source: 'socket', forwarded_ignored: true, user_agent: 'Contract/1.0' },
          http: { method: 'GET', route: '/items/:id', request_id: REQUEST_ID, status: 200 },
          trace: { trace_id: '0af7651916cd43dd8448eb211c80319c', span_id: 'b7ad6b7169203331' },
        })
      }),
    )

    it(
      'after detach nothing is recorded and the application answers as before',
      withApp(async ({ url }, { audit, records }) => {
        audit.detach()
        expect((await ask(`${url}/denied/1`)).status).toBe(403)
        expect(await records('authz.denied')).toEqual([])
      }),
    )
  })
}

function ask(url: string, options: { method?: string; headers?: Record<string, string> } = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    request(url, { ...options, agent: false }, (res) => {
      res.resume().on('end', () => resolve({ status: res.statusCode!, cookies: res.headers['set-cookie'] ?? [] }))
    })
      .on('error', reject)
      .end()
  })
}
