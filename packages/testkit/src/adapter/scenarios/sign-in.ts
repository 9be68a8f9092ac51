// Signing in and out: by password, in several steps, by what a browser or a service brings along, through a provider.
import { PASSWORD, type Scenario } from '../scenario.js'

const { ann, bob, dana, carl } = PASSWORD
const WRONG = { name: 'ann', password: 'not-the-password' }

export const SIGN_IN: Record<string, Scenario> = {
  'a right password signs in, into a new session': {
    facts: ['login.succeeded', 'session.created'],
    async play({ browser }) {
      await browser().post('/login', ann, 200)
    },
  },
  'a wrong password': {
    facts: ['login.failed bad_credentials'],
    async play({ browser }) {
      await browser().post('/login', WRONG, 401)
    },
  },
  'an unknown name': {
    facts: ['login.failed unknown_user'],
    async play({ browser }) {
      await browser().post('/login', { name: 'mallory', password: 'whatever-it-is' }, 401)
    },
  },
  'a disabled account': {
    facts: ['login.failed account_disabled'],
    async play({ browser }) {
      await browser().post('/login', carl, 401)
    },
  },
  'a form without a password': {
    facts: ['login.failed missing_credentials'],
    async play({ browser }) {
      await browser().post('/login', { name: 'ann' }, 400)
    },
  },
  'a name that is no text': {
    facts: ['login.failed missing_credentials'],
    async play({ browser }) {
      await browser().post('/login', { name: { $ne: 1 }, password: 'whatever-it-is' }, 400)
    },
  },
  'the account store is down': {
    facts: ['login.failed error'],
    async play({ browser }) {
      await browser().post('/login', { name: 'breaks', password: 'whatever-it-is' }, 500)
    },
  },
  'a strategy that nobody registered': {
    facts: ['login.failed unknown_strategy'],
    async play({ browser }) {
      await browser().post('/login/unknown', ann, 500)
    },
  },
  'a sign-in without a session': {
    facts: ['login.succeeded'],
    async play({ browser }) {
      await browser().post('/login/once', ann, 200)
    },
  },
  'a wrong password, then the right one: both name the same person and browser': {
    facts: ['login.failed bad_credentials', 'login.succeeded', 'session.created'],
    async play({ browser }) {
      const one = browser()
      await one.post('/login', WRONG, 401)
      await one.post('/login', ann, 200)
    },
  },
  'many wrong passwords from one browser are told one by one': {
    facts: Array<string>(5).fill('login.failed bad_credentials'),
    async play({ browser }) {
      const one = browser()
      for (let i = 0; i < 5; i++) await one.post('/login', { ...WRONG, password: `guess-number-${i}` }, 401)
    },
  },
  'one password is tried on many accounts': {
    facts: ['login.failed bad_credentials', 'login.failed bad_credentials', 'login.failed unknown_user'],
    async play({ browser }) {
      const one = browser()
      for (const name of ['ann', 'bob', 'mallory']) await one.post('/login', { name, password: 'Spring-2026!' }, 401)
    },
  },
  'of two strategies the decision counts once: the second says yes': {
    facts: ['login.succeeded'],
    async play({ browser }) {
      await browser().post('/login/any', ann, 200)
    },
  },
  'of two strategies the decision counts once: both say no': {
    facts: ['login.failed bad_credentials'],
    async play({ browser }) {
      await browser().post('/login/any', WRONG, 401)
    },
  },
  'of two strategies the decision counts once: the first says yes': {
    facts: ['login.succeeded', 'login.succeeded', 'token.issued', 'token.issued', 'token.verified'],
    async play({ browser }) {
      const { access_token } = await browser().post('/api/token', ann, 200)
      await browser().post('/login/any', {}, 200, { headers: { authorization: `Bearer ${access_token}` } })
    },
  },
  'a callback of the application answers 200 to a wrong password: a failure all the same': {
    facts: ['login.failed bad_credentials'],
    async play({ browser }) {
      await browser().post('/login/kind', WRONG, 200)
    },
  },
  'a callback of the application signs in by itself': {
    facts: ['login.succeeded', 'session.created'],
    async play({ browser }) {
      await browser().post('/login/kind', ann, 200)
    },
  },
  'MFA step-up: password, wrong code, right code': {
    facts: [
      'login.succeeded',
      'session.created',
      'mfa.failed bad_code',
      'mfa.succeeded',
      'login.succeeded',
      'session.rotated',
    ],
    async play({ browser }) {
      const one = browser()
      await one.post('/login/kind', bob, 200)
      await one.post('/mfa', { code: '000000' }, 400)
      await one.post('/mfa', { code: '492817' }, 200)
      await one.get('/account', 200)
    },
  },
  'a second factor without a first one is a denial': {
    facts: ['authz.denied unauthenticated'],
    async play({ browser }) {
      await browser().post('/mfa', { code: '492817' }, 401)
    },
  },
  'remember-me: the browser comes back without its session': {
    facts: ['login.succeeded', 'session.created', 'login.succeeded', 'session.created'],
    async play({ browser }) {
      const one = browser()
      await one.post('/login', { ...ann, remember: 'yes' }, 200)
      const later = browser()
      later.cookies.set('remember', one.cookies.get('remember')!)
      await later.get('/welcome', 200)
      await later.get('/account', 200)
    },
  },
  'remember-me: a token that was used up': {
    facts: [
      'login.succeeded',
      'session.created',
      'login.succeeded',
      'session.created',
      'login.failed remember_unknown',
    ],
    async play({ browser }) {
      const one = browser()
      await one.post('/login', { ...ann, remember: 'yes' }, 200)
      for (const status of [200, 401]) {
        const later = browser()
        later.cookies.set('remember', one.cookies.get('remember')!)
        await later.get('/welcome', status)
      }
    },
  },
  'remember-me: nothing remembered is no attempt': {
    facts: [],
    async play({ browser }) {
      await browser().get('/welcome', 200)
    },
  },
  'OAuth: sent to the provider, and back with a code': {
    facts: ['login.challenged', 'session.created', 'login.succeeded', 'session.rotated'],
    async play({ browser }) {
      const one = browser()
      const { searchParams } = new URL(await one.redirected('/oauth'))
      await one.get(`/oauth/callback?code=code-of-ann&state=${searchParams.get('state')}`, 200)
      await one.get('/account', 200)
    },
  },
  'OAuth: denied at the provider': {
    facts: ['login.challenged', 'session.created', 'login.failed access_denied'],
    async play({ browser }) {
      const one = browser()
      await one.redirected('/oauth')
      await one.get('/oauth/callback?error=access_denied', 401)
    },
  },
  'OAuth: a state that is not ours': {
    facts: ['login.challenged', 'session.created', 'login.failed bad_state'],
    async play({ browser }) {
      const one = browser()
      await one.redirected('/oauth')
      await one.get('/oauth/callback?code=code-of-ann&state=forged', 403)
    },
  },
  'OAuth: a code that the provider does not take': {
    facts: ['login.challenged', 'session.created', 'login.failed invalid_grant'],
    async play({ browser }) {
      const one = browser()
      const { searchParams } = new URL(await one.redirected('/oauth'))
      await one.get(`/oauth/callback?code=made-up&state=${searchParams.get('state')}`, 500)
    },
  },
  'OAuth: someone whom the provider knows and the shop does not': {
    facts: ['login.challenged', 'session.created', 'login.failed unknown_user'],
    async play({ browser }) {
      const one = browser()
      const { searchParams } = new URL(await one.redirected('/oauth'))
      await one.get(`/oauth/callback?code=code-of-nobody&state=${searchParams.get('state')}`, 401)
    },
  },
  'a service account with its API key': {
    facts: ['login.succeeded'],
    async play({ browser, shop }) {
      await browser().get('/api/stock', 200, { headers: { 'x-api-key': shop.accounts.apiKey } })
    },
  },
  'an API key that is wrong, and one that is missing': {
    facts: ['login.failed bad_key', 'login.failed missing_credentials'],
    async play({ browser }) {
      await browser().get('/api/stock', 401, { headers: { 'x-api-key': 'key_made_up_by_someone' } })
      await browser().get('/api/stock', 401)
    },
  },
  'a sign-in of the application’s own, told by itself, is not told again by its 401': {
    facts: ['login.failed bad_credentials'],
    async play({ browser }) {
      await browser().post('/own/login', { name: 'ann' }, 401)
    },
  },
  'logout ends the session': {
    facts: ['login.succeeded', 'session.created', 'logout.succeeded', 'session.created', 'session.ended logout'],
    async play({ browser }) {
      const one = browser()
      await one.post('/login', ann, 200)
      await one.post('/logout', {}, 200)
    },
  },
  'a logout of nobody is none, though passport gives them a session': {
    facts: ['session.created', 'session.rotated'],
    async play({ browser }) {
      await browser().post('/logout', {}, 200)
    },
  },
  'another person signs in on the same browser': {
    facts: ['login.succeeded', 'session.created', 'login.succeeded', 'session.rotated'],
    async play({ browser }) {
      const one = browser()
      await one.post('/login', ann, 200)
      await one.post('/login', dana, 200)
    },
  },
  'the client goes away during a slow check: the sign-in is completed, and told': {
    facts: ['login.succeeded', 'session.created'],
    async play({ browser, shop, recorded }) {
      await browser().abandon('/login/slow', ann, shop.slow.holds(1))
      shop.slow.open()
      await recorded('session.created')
    },
  },
  'the client goes away during a slow check that ends in a no': {
    facts: ['login.failed bad_credentials'],
    async play({ browser, shop, recorded }) {
      await browser().abandon('/login/slow', WRONG, shop.slow.holds(1))
      shop.slow.open()
      await recorded('login.failed')
    },
  },
  'two people sign in at the same time, each in a browser of their own': {
    facts: ['login.succeeded', 'session.created', 'login.succeeded', 'session.created'],
    async play({ browser, shop }) {
      const first = browser().post('/login/slow', ann, 200)
      await shop.slow.holds(1)
      const second = browser().post('/login/slow', dana, 200)
      await shop.slow.holds(2)
      shop.slow.open()
      shop.slow.open()
      await Promise.all([first, second])
    },
  },
}
