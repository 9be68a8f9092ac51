// The adapter of Express keeps the contract, on both versions it supports.
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import type { EventName } from '@trailproof/core'
import { auditExpress, audited } from '@trailproof/express'
import { adapterContract } from '@trailproof/testkit'
import express from 'express'
import express4 from 'express4'
import { describe, expect, it } from 'vitest'

for (const [name, framework] of [
  ['Express 5', express],
  ['Express 4', express4],
] as const)
  adapterContract(
    {
      name,
      async create(audit) {
        const app = (framework as typeof express)()
        app.use(auditExpress(audit), auditExpress(audit))
        app.get('/open', (_req, res) => void res.json({}))
        app.get('/denied/:id', (_req, res) => void res.status(403).json({}))
        app.post('/login', async (_req, res) => {
          await audit.record({ event: 'login.failed', claimed: 'ann' })
          res.status(401).json({})
        })
        app.get('/items/:id', audited('item.read' as EventName), (_req, res) => void res.json({}))
        const server = app.listen(0, '127.0.0.1')
        await once(server, 'listening')
        return {
          url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
          async stop() {
            server.closeAllConnections()
            server.close()
          },
        }
      },
    },
    { describe, it: (title, body) => it(title, body), expect },
  )
