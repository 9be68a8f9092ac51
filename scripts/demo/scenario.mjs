// The story that the demo plays against the shop, step by step. It knows the shop only by its answers, never the audit.

import { administration, farewell } from './steps/administration.mjs'
import { attacks } from './steps/attacks.mjs'
import { signIns } from './steps/sign-ins.mjs'
import { tokens } from './steps/tokens.mjs'

/** @type {Array<{ name: string, run: (world: ReturnType<import('./world.mjs').createWorld>) => Promise<void> }>} */
export const scenario = [...signIns, ...attacks, ...tokens, ...administration, ...farewell]

/**
 * Plays every step in order and stops at the first that fails.
 *
 * @param {string} baseUrl - of a freshly started shop
 * @param {ReturnType<import('./world.mjs').createWorld>} world
 * @param {{ onStep?: (result: { name: string, statuses: number[] }) => void }} [options]
 * @returns per step its name, the statuses and the whole answers in order
 * @throws naming the step, the browser, the request and both statuses
 */
export async function runScenario(baseUrl, world, { onStep } = {}) {
  const results = []
  world.open(baseUrl)
  try {
    for (const { name, run } of scenario) {
      const from = world.answers.length
      try {
        await run(world)
      } catch (cause) {
        throw new Error(`scenario step "${name}": ${cause.message}`, { cause })
      }
      const answers = world.answers.slice(from)
      const result = { name, statuses: answers.map(({ status }) => status), answers }
      results.push(result)
      onStep?.(result)
    }
  } finally {
    world.close()
  }
  return results
}
