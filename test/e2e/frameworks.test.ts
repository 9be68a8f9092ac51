// The shop leaves the same kinds and counts of records whatever it is made with.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createShop as createKoaShop } from '../../examples/koa-shop/app.js'
import { attachAudit as attachKoaAudit } from '../../examples/koa-shop/audit.js'
import { createShop as createNestShop } from '../../examples/nest-shop/dist/app.js'
import { attachAudit as attachNestAudit } from '../../examples/nest-shop/dist/audit.js'
import { forget, type Played, playShop } from './shop.js'

const SHOPS = {
  koa: { createShop: createKoaShop, attachAudit: attachKoaAudit },
  nest: { createShop: createNestShop, attachAudit: attachNestAudit },
}

let express: Played
beforeAll(async () => {
  express = await playShop({ audited: true })
}, 60_000)
afterAll(() => forget(express))

describe.each(Object.entries(SHOPS))('the shop made with %s', (_framework, shop) => {
  it('answers with the same statuses, and leaves the same kinds and counts of records', async () => {
    const played = await playShop({ audited: true, shop: shop as never })
    try {
      const statuses = ({ results }: Played) => results.map((step) => [step.name, ...step.statuses])
      expect(statuses(played)).toEqual(statuses(express))
      expect(countsOf(played)).toEqual(countsOf(express))
      expect(played.records.length).toBeGreaterThan(80)
    } finally {
      forget(played)
    }
  }, 60_000)

  it('answers the same without an audit', async () => {
    const played = await playShop({ audited: false, shop: shop as never })
    forget(played)
    expect(played.results.map((step) => step.statuses)).toEqual(express.results.map((step) => step.statuses))
  }, 60_000)
})

function countsOf({ records }: Played): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const { event, reason } of records) {
    const fact = reason === undefined ? event : `${event} ${reason}`
    counts[fact] = (counts[fact] ?? 0) + 1
  }
  return counts
}
