// The administrator's day, and the end of it.

import assert from 'node:assert/strict'
import { credentials } from './sign-ins.mjs'

const idOf = ({ json }, { email }) => json.users.find((user) => user.email === email).id

/** The session's cookie, and the signature that koa-session keeps beside it. */
const SESSION_COOKIES = ['shop.sid', 'shop.sid.sig']

export const administration = [
  {
    name: 'a customer opens the administration',
    async run({ browsers: { laptop, stranger } }) {
      await laptop.get('/admin', { expect: 403 })
      await stranger.get('/admin', { expect: 401 })
    },
  },
  {
    name: 'Dana signs in and exports the invoices',
    async run({ browsers: { office }, people: { dana } }) {
      await office.post('/login', { form: credentials(dana), expect: 303 })
      const { headers } = await office.get('/admin/invoices.csv', { expect: 200 })
      assert.match(headers['content-type'], /^text\/csv/)
    },
  },
  {
    name: "Dana disables Bob's account",
    async run({ browsers: { office, bobs }, people: { bob } }) {
      await bobs.get('/account', { expect: 200 })
      const id = idOf(await office.get('/admin', { expect: 200 }), bob)
      await office.post(`/admin/users/${id}/disable`, { expect: 200 })
      await bobs.get('/account', { expect: 401 })
      await bobs.post('/login', { json: credentials(bob), expect: 401 })
    },
  },
  {
    name: 'Dana acts as Carol, and stops',
    async run({ browsers: { office }, people: { carol, dana } }) {
      const carolsId = idOf(await office.get('/admin', { expect: 200 }), carol)
      await office.post(`/admin/impersonate/${carolsId}`, { expect: 200 })
      const { json } = await office.get('/account', { expect: 200 })
      assert.equal(json.user.email, carol.email)
      assert.ok(json.impersonatedBy)
      await office.get('/admin', { expect: 403 })
      await office.post('/admin/impersonate/stop', { expect: 200 })
      assert.equal((await office.get('/account', { expect: 200 })).json.user.email, dana.email)
    },
  },
]

export const farewell = [
  {
    name: "Alice signs out, and her phone's old session cookie is replayed",
    async run({ browsers: { phone, attacker } }) {
      const stolen = SESSION_COOKIES.map((name) => [name, phone.jar.get(name)]).filter(
        ([, value]) => value !== undefined,
      )
      await phone.post('/logout', { expect: 200 })
      await phone.get('/account', { expect: 401 })
      for (const [name, value] of stolen) attacker.jar.set(name, value)
      await attacker.get('/account', { expect: 401 })
      for (const [name] of stolen) attacker.jar.delete(name)
    },
  },
  {
    name: 'everyone signs out',
    async run({ browsers: { laptop, office } }) {
      await laptop.post('/logout', { expect: 200 })
      await office.post('/logout', { expect: 200 })
      await office.get('/admin', { expect: 401 })
    },
  },
]
