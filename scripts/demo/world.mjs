// The people of the demo, their browsers, and one attacker.

import { randomBytes } from 'node:crypto'
import { Browser } from './browsers.mjs'
import { Secrets } from './secrets.mjs'

const person = (name, role = 'customer') => ({ email: `${name}@shop.example`, role, password: randomPassword() })

/** Long and random, so that finding one in a log can be no accident. */
export const randomPassword = () => `pw-${randomBytes(12).toString('base64url')}`

/** Four people with new passwords; `Object.values(people)` is what the shop takes as users. */
export const createPeople = () => ({
  alice: person('alice'),
  bob: person('bob'),
  carol: person('carol'),
  dana: person('dana', 'admin'),
})

/**
 * @param {object} options
 * @param {ReturnType<typeof createPeople>} options.people
 * @param {import('node:crypto').KeyObject} options.tokenKey - of the shop; the driver signs an expired token with it
 */
export function createWorld({ people, tokenKey }) {
  const secrets = new Secrets()
  const answers = []
  const browser = (name, localAddress, userAgent, headers) =>
    Object.assign(new Browser({ name, localAddress, userAgent, headers, secrets }), { answers })

  const browsers = {
    laptop: browser('laptop', '127.0.0.11', 'Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0'),
    phone: browser(
      'phone',
      '127.0.0.12',
      'Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Mobile/15E148 Safari/604.1',
    ),
    bobs: browser(
      'bobs',
      '127.0.0.21',
      'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0',
    ),
    office: browser(
      'office',
      '127.0.0.31',
      'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36',
      { 'sec-ch-ua-platform': '"macOS"', 'sec-ch-ua-mobile': '?0' },
    ),
    app: browser('app', '127.0.0.13', 'ShopApp/2.4 (Android 16)'),
    stranger: browser('stranger', '127.0.0.41', 'Mozilla/5.0 (X11; CrOS x86_64) Chrome/140.0.0.0'),
    attacker: browser('attacker', '127.0.0.66', 'python-requests/2.32.5'),
  }

  return {
    people,
    tokenKey,
    browsers,
    answers,
    secretsSeen: () => secrets.list(),
    open(baseUrl) {
      for (const one of Object.values(browsers)) one.baseUrl = baseUrl
    },
    close() {
      for (const one of Object.values(browsers)) one.close()
    },
  }
}
