// What every framework adapter must keep to, over real HTTP: the same facts leave the same records whatever the framework,
// and the application answers the same with the audit as without.
import { createHash } from 'node:crypto'
import type { Audit } from '@trailproof/core'
import { type MemoryAudit, memoryAudit, type TestRecord } from '../memory-audit.js'
import type { TestRunner } from '../writer-contract.js'
import { ACCOUNTS } from './accounts.js'
import { comparable } from './answers.js'
import { Browser, type Exchange } from './browser.js'
import { type ComparableRecord, comparableRecords, Names } from './comparable-records.js'
import { Provider } from './provider.js'
import { RECORDS } from './records.js'
import { type Scenario, TYPED, type World } from './scenario.js'
import { SCENARIOS } from './scenarios/index.js'
import { ContractShop, identifyShopUser, type ShopLibraries } from './shop.js'

/** An application made with the adapter, listening on loopback. */
export interface AppUnderTest {
  /** `http://127.0.0.1:<port>` */
  url: string
  /** Ends it with all its connections. */
  stop(): Promise<void>
}

export interface AdapterContractOptions {
  name: string
  /** The application's own copies. */
  libraries: ShopLibraries
  /**
   * Builds an application with all routes of the shop, and with:
   *
   * - the adapter's context middleware, mounted twice; hooks of passport, jsonwebtoken and sessions; where there is an audit
   * - sessions kept in a store, their id in a cookie named `sid` without `Max-Age` (its signature there, or in `sid.sig`),
   *   written only when there is something in them
   * - a passport of its own, which is given to `shop.usePassport`; sessions are restored on every request
   * - bodies read as JSON; no trusted proxy
   *
   * Without an audit it is the same application, and no package of Trailproof is called.
   */
  create(shop: ContractShop, audit: Audit | undefined): Promise<AppUnderTest>
  /**
   * Scenarios that this framework cannot play, each with the reason; printed. A title that there is not is an error.
   */
  cannot?: Readonly<Record<string, string>>
}

interface Played {
  exchanges: Exchange[]
  records: TestRecord[]
  comparable: ComparableRecord[]
  secrets: string[]
}

export { SCENARIOS } from './scenarios/index.js'

/** Runs every scenario of the list; a title can be looked up in `SCENARIOS`. */
export function adapterContract(options: AdapterContractOptions, { describe, it, expect }: TestRunner): void {
  describe(`adapter contract: ${options.name}`, () => {
    const counts = new Map<string, number>()
    const cannot = options.cannot ?? {}

    for (const [title, scenario] of Object.entries(SCENARIOS)) {
      if (Object.hasOwn(cannot, title)) continue
      it(title, async () => {
        const without = await playScenario(options, scenario, false)
        const audited = await playScenario(options, scenario, true)

        expect(factsOf(audited.comparable).sort()).toEqual([...scenario.facts].sort())
        expect(audited.comparable).toEqual(RECORDS[title])
        expect(comparable(audited.exchanges)).toEqual(comparable(without.exchanges))
        expect(secretsIn(audited)).toEqual([])
        for (const { event } of audited.records) counts.set(event, (counts.get(event) ?? 0) + 1)
      })
    }

    it('no hook was silent: every kind of event of the list was seen', async () => {
      const told = [...counts].sort(([a], [b]) => (a < b ? -1 : 1)).map(([event, count]) => `${event} ${count}`)
      const skipped = Object.entries(cannot).map(([title, reason]) => `\n  cannot: ${title}: ${reason}`)
      console.log(`${options.name}: ${told.join(', ')}${skipped.join('')}`)
      expect(Object.keys(cannot).filter((title) => !Object.hasOwn(SCENARIOS, title))).toEqual([])
      const played = Object.entries(SCENARIOS).filter(([title]) => !Object.hasOwn(cannot, title))
      const due = new Set(played.flatMap(([, { facts }]) => facts.map((fact) => fact.split(' ')[0]!)))
      expect([...due].filter((event) => !counts.has(event))).toEqual([])
    })
  })
}

/** Plays one scenario against an application of its own. Exported for those who write an adapter, and look what it does. */
export async function playScenario(
  { create, libraries }: Pick<AdapterContractOptions, 'create' | 'libraries'>,
  scenario: Scenario,
  audited: boolean,
): Promise<Played> {
  const memory = audited ? memoryAudit({ identify: identifyShopUser, device: scenario.device ?? 'auth' }) : undefined
  const provider = new Provider()
  const shop = new ContractShop({ libraries, audit: memory?.audit, providerUrl: await provider.start() })
  const app = await create(shop, memory?.audit)
  const exchanges: Exchange[] = []
  const ids: string[] = []
  const browsers: Browser[] = []
  const nextId = () => {
    // By lot, as they look: the guard takes what a form holds as a code out of everything, `000000` out of a padded number.
    ids.push(createHash('sha256').update(`request ${ids.length}`).digest('hex').slice(0, 32))
    return ids.at(-1)!
  }
  try {
    const world: World = {
      shop,
      audit: memory?.audit,
      browser() {
        browsers.push(new Browser(app.url, nextId, (one) => void exchanges.push(one)))
        return browsers.at(-1)!
      },
      recorded: (event, count = 1) => whenRecorded(memory, event, count),
      pause: (ms) => new Promise((over) => setTimeout(over, ms)),
    }
    await scenario.play(world)
    const all = (await memory?.records()) ?? []
    const records = scenario.renewals ? all : all.filter(({ event }) => event !== 'session.renewed')
    const names = memory && (await Names.of(memory.audit, TYPED))
    const secrets = [
      ...ACCOUNTS.map(({ password }) => password),
      ...browsers.flatMap(({ cookies }) => [...cookies.values()].flatMap((value) => [value, idIn(value)])),
      shop.tokens.key,
      shop.accounts.apiKey,
    ]
    return { exchanges, records, comparable: names ? comparableRecords(records, ids, names) : [], secrets }
  } finally {
    await app.stop()
    await memory?.close()
    await provider.stop()
  }
}

/** `s%3A<id>.<signature>`: the id by itself. */
const idIn = (cookie: string) => cookie.replace(/^s(%3A|:)/, '').split('.')[0]!

const factsOf = (records: readonly ComparableRecord[]) =>
  records.map(({ event, reason }) => (reason === undefined ? event : `${event} ${reason}`))

async function whenRecorded(memory: MemoryAudit | undefined, event: string, count: number): Promise<void> {
  if (!memory) return
  const until = Date.now() + 5000
  while ((await memory.records(event)).length < count) {
    if (Date.now() > until) throw new Error(`${event} was not recorded`)
    await new Promise((later) => setTimeout(later, 2))
  }
}

/** Secrets of the scenario that stand in its records; the short ones would be found by chance. */
function secretsIn({ records, secrets }: Played): string[] {
  const text = JSON.stringify(records)
  return secrets.filter((secret) => secret.length >= 8 && text.includes(secret))
}
