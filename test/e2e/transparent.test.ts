// Rule 3: observing does not change what the application does. The whole scenario, with hooks and without.
import { expect, it } from 'vitest'
import { comparable } from '../../scripts/demo/comparable.mjs'
import { forget, playShop } from './shop.js'

it('the shop answers the same with hooks on and off, over the whole scenario', async () => {
  // jsonwebtoken is shared by the process: without first, so that nothing is hooked yet.
  const off = await playShop({ audited: false })
  const on = await playShop({ audited: true })
  const offAgain = await playShop({ audited: false })
  try {
    expect(off.results.flatMap(({ answers }) => answers).length).toBeGreaterThan(50)
    expect(comparable(on.results)).toEqual(comparable(off.results))
    // Detached by close(): a shop after it is neither changed nor recorded.
    expect(comparable(offAgain.results)).toEqual(comparable(off.results))
    // A hook that never fired cannot pass as transparent.
    const counts = Object.fromEntries(
      ['login', 'session', 'token', 'authz'].map((kind) => [
        kind,
        on.records.filter(({ event }) => event.startsWith(kind)).length,
      ]),
    )
    console.log('records behind the same answers:', counts)
    for (const [kind, n] of Object.entries(counts)) expect({ kind, some: n > 0 }).toEqual({ kind, some: true })
  } finally {
    for (const played of [off, on, offAgain]) forget(played)
  }
}, 120_000)
