// The life of a token: issued, used, refreshed, expired, forged, withdrawn, presented after that.
import { PASSWORD, type Scenario, type World } from '../scenario.js'

const { ann } = PASSWORD
const ISSUED = ['login.succeeded', 'token.issued', 'token.issued']

const bearer = (token: unknown) => ({ headers: { authorization: `Bearer ${token}` } })

const signIn = async ({ browser }: World) =>
  (await browser().post('/api/token', ann, 200)) as { access_token: string; refresh_token: string }

export const TOKEN: Record<string, Scenario> = {
  'tokens are issued for a password': {
    facts: ISSUED,
    async play(world) {
      await signIn(world)
    },
  },
  'no token for a wrong password': {
    facts: ['login.failed bad_credentials'],
    async play({ browser }) {
      await browser().post('/api/token', { name: 'ann', password: 'not-the-password' }, 401)
    },
  },
  'an access token is used': {
    facts: [...ISSUED, 'token.verified', 'login.succeeded'],
    async play(world) {
      const { access_token } = await signIn(world)
      await world.browser().get('/api/orders', 200, bearer(access_token))
    },
  },
  'no token at all': {
    facts: ['login.failed no_token'],
    async play({ browser }) {
      await browser().get('/api/orders', 401)
    },
  },
  'a token that has expired': {
    facts: ['token.issued', 'token.rejected expired', 'login.failed token_expired'],
    async play({ browser, shop }) {
      const { token } = shop.tokens.sign({ id: 'u-1' }, 'shop-api', -60)
      await browser().get('/api/orders', 401, bearer(token))
    },
  },
  'a token with a forged signature': {
    facts: [...ISSUED, 'token.rejected bad_signature', 'login.failed token_invalid'],
    async play(world) {
      const { access_token } = await signIn(world)
      await world.browser().get('/api/orders', 401, bearer(`${access_token.slice(0, -8)}AAAAAAAA`))
    },
  },
  'a token whose algorithm says "none"': {
    facts: [...ISSUED, 'token.rejected alg_not_allowed', 'login.failed token_invalid'],
    async play(world) {
      const { access_token } = await signIn(world)
      const header = Buffer.from('{"alg":"none","typ":"JWT"}').toString('base64url')
      await world.browser().get('/api/orders', 401, bearer(`${header}.${access_token.split('.')[1]}.`))
    },
  },
  'a token for somebody else: the audience is wrong': {
    facts: [...ISSUED, 'token.rejected audience_mismatch', 'login.failed token_invalid'],
    async play(world) {
      const { refresh_token } = await signIn(world)
      await world.browser().get('/api/orders', 401, bearer(refresh_token))
    },
  },
  'something that is no token': {
    facts: ['token.rejected malformed', 'login.failed token_invalid'],
    async play({ browser }) {
      await browser().get('/api/orders', 401, bearer('not-a-token'))
    },
  },
  'tokens are refreshed': {
    facts: [...ISSUED, 'token.verified', 'token.revoked', 'token.refreshed', 'token.issued', 'token.issued'],
    async play(world) {
      const { refresh_token } = await signIn(world)
      await world.browser().post('/api/refresh', { refresh_token }, 200)
    },
  },
  'theft: a refresh token that was used comes back, and its family ends': {
    facts: [
      ...ISSUED,
      'token.verified',
      'token.revoked',
      'token.refreshed',
      'token.issued',
      'token.issued',
      'token.reuse_detected',
      'token.revoked',
      'token.reuse_detected',
    ],
    async play(world) {
      const { refresh_token } = await signIn(world)
      const next = await world.browser().post('/api/refresh', { refresh_token }, 200)
      await world.browser().post('/api/refresh', { refresh_token }, 401)
      await world.browser().post('/api/refresh', { refresh_token: next['refresh_token'] }, 401)
    },
  },
  'an access token is withdrawn, and presented after that': {
    facts: [...ISSUED, 'token.verified', 'token.revoked', 'token.reuse_detected', 'login.failed token_withdrawn'],
    async play(world) {
      const { access_token } = await signIn(world)
      await world.browser().post('/api/revoke', { token: access_token }, 200)
      await world.browser().get('/api/orders', 401, bearer(access_token))
    },
  },
  'a token is withdrawn that is none': {
    facts: ['token.rejected malformed'],
    async play({ browser }) {
      await browser().post('/api/revoke', { token: 'not-a-token' }, 200)
    },
  },
  'a token of an account that was disabled since': {
    facts: [...ISSUED, 'token.verified', 'login.failed token_withdrawn'],
    async play(world) {
      const { access_token } = await signIn(world)
      world.shop.accounts.byId('u-1')!.disabled = true
      await world.browser().get('/api/orders', 401, bearer(access_token))
    },
  },
}
