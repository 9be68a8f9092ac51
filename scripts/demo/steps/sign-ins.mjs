// People sign in, well or badly.

import assert from 'node:assert/strict'
import { randomPassword } from '../world.mjs'

export const credentials = ({ email, password }) => ({ email, password })

export const signIns = [
  {
    name: 'a stranger looks around',
    async run({ browsers: { stranger } }) {
      await stranger.get('/', { expect: 200 })
      await stranger.get('/account', { expect: 401 })
    },
  },
  {
    name: 'Alice signs in on her laptop',
    async run({ browsers: { laptop }, people: { alice } }) {
      await laptop.post('/login', { form: credentials(alice), expect: 303 })
      const { json } = await laptop.get('/account', { expect: 200 })
      assert.equal(json.user.email, alice.email)
    },
  },
  {
    name: 'Alice signs in on her phone, which remembers her',
    async run({ browsers: { laptop, phone }, people: { alice } }) {
      await phone.post('/login', { json: { ...credentials(alice), remember: true }, expect: 200 })
      assert.ok(phone.jar.isPersistent('shop.sid') && !laptop.jar.isPersistent('shop.sid'))
      await phone.get('/account', { expect: 200 })
    },
  },
  {
    name: 'Bob mistypes his password, then signs in',
    async run({ browsers: { bobs }, people: { bob } }) {
      await bobs.post('/login', { json: { email: bob.email, password: randomPassword() }, expect: 401 })
      await bobs.post('/login', { json: credentials(bob), expect: 200 })
    },
  },
  {
    name: 'a sign-in without a password',
    async run({ browsers: { stranger }, people: { bob } }) {
      await stranger.post('/login', { json: { email: bob.email }, expect: 400 })
    },
  },
]
