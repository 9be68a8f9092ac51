// Who may sign in: accounts in memory, passwords as salted scrypt hashes.

import { randomBytes, scrypt, scryptSync, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'

const scryptAsync = promisify(scrypt)
const KEY_BYTES = 32
// Small, so that the demo is quick. OWASP's password storage page asks for N=2^17, r=8, p=1.
const COST = { N: 2 ** 12, r: 8, p: 1 }

/** @typedef {{ id: string, email: string, role: 'customer' | 'admin', disabled: boolean }} User */

/** @param {Array<{ email: string, password: string, role: 'customer' | 'admin' }>} people */
export function createUsers(people) {
  const hashes = new Map()
  const byId = new Map()
  for (const [i, { email, password, role }] of people.entries()) {
    const user = { id: `u-${i + 1}`, email: normalise(email), role, disabled: false }
    const salt = randomBytes(16)
    byId.set(user.id, user)
    hashes.set(user.id, { salt, key: scryptSync(password, salt, KEY_BYTES, COST) })
  }
  const nobody = { salt: randomBytes(16), key: randomBytes(KEY_BYTES) }

  return {
    /** @returns {User | undefined} */
    byId: (id) => byId.get(id),
    /** @returns {User | undefined} */
    byEmail: (email) => [...byId.values()].find((user) => user.email === normalise(email)),
    /** @returns {User[]} */
    all: () => [...byId.values()],

    /** Whether the password is this user's. An unknown user takes as long as a known one, so that time tells nothing. */
    async passwordMatches(user, password) {
      const { salt, key } = hashes.get(user?.id) ?? nobody
      return timingSafeEqual(key, await scryptAsync(password, salt, KEY_BYTES, COST)) && user !== undefined
    },

    disable(user) {
      user.disabled = true
    },
  }
}

const normalise = (email) => email.trim().toLowerCase()
