// The life of a session: made, renewed, rotated, ended, stolen, forged, presented after its end; and several at once.
import { PASSWORD, type Scenario } from '../scenario.js'

const { ann, dana } = PASSWORD
const SID = 'sid'

export const SESSION: Record<string, Scenario> = {
  'a visitor’s cart is a session of nobody': {
    facts: ['session.created'],
    async play({ browser }) {
      const one = browser()
      await one.post('/cart', {}, 200)
      await one.get('/cart', 200)
    },
  },
  'a session that is used is renewed': {
    facts: ['login.succeeded', 'session.created', 'session.renewed'],
    renewals: true,
    async play({ browser }) {
      const one = browser()
      await one.post('/login', ann, 200)
      await one.get('/account', 200)
    },
  },
  'a visitor signs in: the session goes on under another id': {
    facts: ['session.created', 'login.succeeded', 'session.rotated'],
    async play({ browser }) {
      const one = browser()
      await one.post('/cart', {}, 200)
      await one.post('/login', ann, 200)
    },
  },
  'the application rotates a session by itself': {
    facts: ['session.created', 'session.rotated'],
    async play({ browser }) {
      const one = browser()
      await one.post('/cart', {}, 200)
      await one.post('/session/regenerate', {}, 200)
    },
  },
  'the application destroys a session': {
    facts: ['session.created', 'session.ended destroyed'],
    async play({ browser }) {
      const one = browser()
      await one.post('/cart', {}, 200)
      await one.post('/session/destroy', {}, 200)
    },
  },
  'theft: a session is presented after its owner signed out': {
    facts: [
      'login.succeeded',
      'session.created',
      'logout.succeeded',
      'session.created',
      'session.ended logout',
      'session.replayed ended',
      'authz.denied unauthenticated',
    ],
    async play({ browser }) {
      const owner = browser()
      await owner.post('/login', ann, 200)
      const thief = browser().withSessionOf(owner)
      await owner.post('/logout', {}, 200)
      await thief.get('/account', 401)
    },
  },
  'theft: an id that was given up at sign-in is presented': {
    facts: ['session.created', 'login.succeeded', 'session.rotated', 'session.replayed rotated'],
    async play({ browser }) {
      const owner = browser()
      await owner.post('/cart', {}, 200)
      const thief = browser().withSessionOf(owner)
      await owner.post('/login', ann, 200)
      await thief.get('/open', 200)
    },
  },
  'a session cookie with a forged signature': {
    facts: ['session.created', 'session.invalid bad_signature'],
    async play({ browser }) {
      const one = browser()
      await one.post('/cart', {}, 200)
      const thief = browser().withSessionOf(one)
      thief.cookies.set(SID, `${one.cookies.get(SID)!}AAAAAA`)
      await thief.get('/open', 200)
    },
  },
  'a session cookie without any signature': {
    facts: ['session.invalid unsigned'],
    async play({ browser }) {
      const thief = browser()
      thief.cookies.set(SID, 'chosen-by-the-attacker')
      await thief.get('/open', 200)
    },
  },
  'death: a session is presented after the end of its life': {
    facts: ['session.created', 'session.expired'],
    async play({ browser, pause }) {
      const one = browser()
      await one.post('/cart', { endsInMs: 40 }, 200)
      await pause(80)
      await one.get('/open', 200)
    },
  },
  'a password change ends the sessions in other browsers': {
    facts: [
      'login.succeeded',
      'session.created',
      'login.succeeded',
      'session.created',
      'password.changed',
      'session.ended destroyed',
      'session.replayed ended',
      'authz.denied unauthenticated',
      'login.failed bad_credentials',
    ],
    async play({ browser }) {
      const [phone, laptop] = [browser(), browser()]
      await phone.post('/login', ann, 200)
      await laptop.post('/login', ann, 200)
      await laptop.post('/account/password', { password: ann.password, new_password: 'another-password' }, 200)
      await phone.get('/account', 401)
      await laptop.get('/account', 200)
      await browser().post('/login', ann, 401)
    },
  },
  'a password change with the wrong password': {
    facts: ['login.succeeded', 'session.created', 'password.change_failed bad_credentials', 'authz.denied forbidden'],
    async play({ browser }) {
      const one = browser()
      await one.post('/login', ann, 200)
      await one.post('/account/password', { password: 'not-the-password', new_password: 'another-password' }, 403)
    },
  },
  'an account is disabled: its session is restored no more': {
    facts: [
      'login.succeeded',
      'session.created',
      'login.succeeded',
      'session.created',
      'account.disabled',
      'session.invalid restore_failed',
      'authz.denied unauthenticated',
    ],
    async play({ browser }) {
      const [customer, admin] = [browser(), browser()]
      await customer.post('/login', ann, 200)
      await admin.post('/login', dana, 200)
      await admin.post('/admin/users/u-1/disable', {}, 200)
      await customer.get('/account', 401)
    },
  },
  'concurrent sign-ins on one session: both are told, and each goes on under an id of its own': {
    facts: ['session.created', 'login.succeeded', 'session.rotated', 'login.succeeded', 'session.rotated'],
    async play({ browser, shop }) {
      const one = browser()
      await one.post('/cart', {}, 200)
      const first = browser().copyOf(one).post('/login/slow', ann, 200)
      await shop.slow.holds(1)
      const second = browser().copyOf(one).post('/login/slow', dana, 200)
      await shop.slow.holds(2)
      shop.slow.open()
      await first
      shop.slow.open()
      await second
    },
  },
  'two browsers of one person: one signs out, the other stays': {
    facts: [
      'login.succeeded',
      'session.created',
      'login.succeeded',
      'session.created',
      'logout.succeeded',
      'session.created',
      'session.ended logout',
    ],
    async play({ browser }) {
      const [phone, laptop] = [browser(), browser()]
      await phone.post('/login', ann, 200)
      await laptop.post('/login', ann, 200)
      await phone.post('/logout', {}, 200)
      await laptop.get('/account', 200)
    },
  },
}
