// The attacker tries doors. No answer tells which door was nearly right.

import assert from 'node:assert/strict'
import { alterSignature } from '../forge.mjs'
import { randomPassword } from '../world.mjs'

const BURST = 12

const guess = (email) => ({ json: { email, password: randomPassword() }, expect: 401 })

export const attacks = [
  {
    name: 'a wrong password and an unknown user get the same answer',
    async run({ browsers: { attacker }, people: { alice } }) {
      const wrong = await attacker.post('/login', guess(alice.email))
      const unknown = await attacker.post('/login', guess('mallory@elsewhere.example'))
      assert.equal(unknown.body, wrong.body)
    },
  },
  {
    name: `a burst of ${BURST} guesses at Alice's password`,
    async run({ browsers: { attacker }, people: { alice } }) {
      for (let i = 0; i < BURST; i++) await attacker.post('/login', guess(alice.email))
    },
  },
  {
    name: 'a forged X-Forwarded-For',
    async run({ browsers: { attacker }, people: { alice } }) {
      const headers = { 'x-forwarded-for': '203.0.113.7, 10.0.0.1' }
      await attacker.post('/login', { ...guess(alice.email), headers })
    },
  },
  {
    name: "Alice's device cookie with another signature",
    async run({ browsers: { attacker, laptop }, people: { alice } }) {
      const genuine = laptop.jar.get('tp_device') ?? 'a-shop-without-device-cookies-ignores-this-one'
      const own = attacker.jar.get('tp_device')
      attacker.jar.set('tp_device', alterSignature(genuine))
      await attacker.post('/login', guess(alice.email))
      if (own) attacker.jar.set('tp_device', own)
      else attacker.jar.delete('tp_device')
    },
  },
  {
    name: 'the same from several connections at once',
    async run({ browsers: { attacker }, people: { alice, bob, carol } }) {
      await Promise.all([alice, bob, carol].map(({ email }) => attacker.post('/login', guess(email))))
    },
  },
]
