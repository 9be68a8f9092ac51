// What a scenario is, and the world it is played in.
import type { Audit } from '@trailproof/core'
import type { Browser } from './browser.js'
import type { ContractShop } from './shop.js'

export interface World {
  /** A new browser: no cookie, no device. */
  browser(): Browser
  shop: ContractShop
  /** Undefined while the scenario is played without. */
  audit: Audit | undefined
  /**
   * Resolves when so many records of this name are there; what is recorded after the client has left needs it. At once
   * where there is no audit.
   *
   * @throws they are not there within five seconds
   */
  recorded(event: string, count?: number): Promise<void>
  pause(ms: number): Promise<void>
}

export interface Scenario {
  /** Written by hand: what happened, in order, request by request. `event`, or `event reason`. */
  facts: readonly string[]
  /** `createAudit({ device })`; default `auth`. */
  device?: 'off'
  /** `session.renewed` is compared, too: elsewhere it is left out, since stores differ in when they extend a life. */
  renewals?: true
  play(world: World): Promise<void>
}

export const PASSWORD = {
  ann: { name: 'ann', password: 'anns-own-password' },
  bob: { name: 'bob', password: 'bobs-own-password' },
  dana: { name: 'dana', password: 'danas-own-password' },
  carl: { name: 'carl', password: 'carls-own-password' },
} as const

/** Names that are typed in scenarios: they are told apart in the records by what was typed. */
export const TYPED = ['ann', 'bob', 'dana', 'carl', 'mallory', 'breaks']
