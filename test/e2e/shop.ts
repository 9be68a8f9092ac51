// The example shop, audited into a real folder, driven over HTTP by the demo's people and attacker.
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Audit, LogRecord } from '@trailproof/core'
import { createShop } from '../../examples/express-shop/app.js'
import { attachAudit, createShopAudit } from '../../examples/express-shop/audit.js'
import { readRecords } from '../../scripts/demo/evidence.mjs'
import { runScenario } from '../../scripts/demo/scenario.mjs'
import { createPeople, createWorld } from '../../scripts/demo/world.mjs'

export type ShopRecord = LogRecord & {
  v: number
  seq: number
  actor: { ref?: string; claimed?: string; type?: string }
}

export interface Played {
  dir: string
  results: { name: string; statuses: number[]; answers: unknown[] }[]
  secrets: string[]
  /** Empty when the shop was not audited. */
  records: ShopRecord[]
  origin: string | undefined
  vkey: string | undefined
}

/** A shop of examples/; default: express-shop. */
export interface Made {
  createShop: (options: Parameters<typeof createShop>[0]) => unknown
  attachAudit: typeof attachAudit
}

/** Plays the whole scenario once; the folder is the caller's to remove. */
export async function playShop({
  audited,
  shop: made = { createShop, attachAudit },
}: {
  audited: boolean
  shop?: Made
}): Promise<Played> {
  const dir = mkdtempSync(join(tmpdir(), 'trailproof-e2e-'))
  const people = createPeople()
  const audit = audited ? createShopAudit({ dir, keysDir: join(dir, '.trailproof') }) : undefined
  const opened = await audit?.ready
  const shop = (await made.createShop({
    users: Object.values(people),
    audit,
    attach: made.attachAudit,
  } as never)) as ReturnType<typeof createShop>
  const world = createWorld({ people, tokenKey: shop.tokenKey })
  const { url, stop } = await serve(shop.app, audit)
  try {
    const results = await runScenario(url, world, {})
    await stop()
    const passwords = Object.values(people).map((one) => (one as { password: string }).password)
    return {
      dir,
      results,
      secrets: [...world.secretsSeen(), ...passwords],
      records: opened ? (readRecords(dir, opened.origin) as ShopRecord[]) : [],
      origin: opened?.origin,
      vkey: opened?.vkey,
    }
  } finally {
    await stop()
  }
}

export function forget({ dir }: Pick<Played, 'dir'>): void {
  rmSync(dir, { recursive: true, force: true })
}

export async function serve(
  app: { listen(port: number, host: string): Server },
  audit?: Audit,
): Promise<{ url: string; stop(): Promise<void> }> {
  const server = app.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async stop() {
      server.close()
      server.closeAllConnections()
      await audit?.close()
    },
  }
}
