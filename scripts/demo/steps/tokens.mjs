// Tokens: issued, used, refreshed, revoked, and forged in the ways that are tried in the wild.

import { randomBytes } from 'node:crypto'
import { claimsOf, signToken, unsignedToken } from '../forge.mjs'
import { credentials } from './sign-ins.mjs'

const me = (browser, token, expect) => browser.get('/api/me', { token, expect })

export const tokens = [
  {
    name: 'tokens for a session and for a password',
    async run(world) {
      const { laptop, app, attacker } = world.browsers
      world.laptopTokens = (await laptop.post('/api/token', { expect: 200 })).json
      world.appTokens = (await app.post('/api/token', { json: credentials(world.people.alice), expect: 200 })).json
      await attacker.post('/api/token', { expect: 400 })
    },
  },
  {
    name: 'the access token is used',
    async run({ browsers: { app, stranger }, appTokens }) {
      await me(app, appTokens.access_token, 200)
      await stranger.get('/api/me', { expect: 401 })
    },
  },
  {
    name: 'an expired token',
    async run({ browsers: { app }, appTokens, tokenKey }) {
      const claims = claimsOf(appTokens.access_token)
      await me(app, signToken({ ...claims, iat: claims.iat - 7200, exp: claims.exp - 7200 }, tokenKey), 401)
    },
  },
  {
    name: 'a token signed with a foreign key',
    async run({ browsers: { attacker }, appTokens }) {
      await me(attacker, signToken({ ...claimsOf(appTokens.access_token), role: 'admin' }, randomBytes(32)), 401)
    },
  },
  {
    name: 'a token that says alg: none',
    async run({ browsers: { attacker }, appTokens }) {
      await me(attacker, unsignedToken({ ...claimsOf(appTokens.access_token), role: 'admin' }), 401)
    },
  },
  {
    name: 'a refresh token used as an access token',
    async run({ browsers: { attacker }, appTokens }) {
      await me(attacker, appTokens.refresh_token, 401)
    },
  },
  {
    name: 'the refresh token is exchanged',
    async run(world) {
      const { app } = world.browsers
      world.usedRefreshToken = world.appTokens.refresh_token
      const json = { refresh_token: world.usedRefreshToken }
      world.appTokens = (await app.post('/api/token/refresh', { json, expect: 200 })).json
      await me(app, world.appTokens.access_token, 200)
    },
  },
  {
    name: 'the used refresh token comes back, and its successor ends with it',
    async run({ browsers: { app, attacker }, usedRefreshToken, appTokens }) {
      await attacker.post('/api/token/refresh', { json: { refresh_token: usedRefreshToken }, expect: 401 })
      await app.post('/api/token/refresh', { json: { refresh_token: appTokens.refresh_token }, expect: 401 })
    },
  },
  {
    name: 'a revoked token',
    async run({ browsers: { laptop, attacker }, laptopTokens }) {
      await me(laptop, laptopTokens.access_token, 200)
      await laptop.post('/api/token/revoke', { json: { token: laptopTokens.access_token }, expect: 200 })
      await me(attacker, laptopTokens.access_token, 401)
    },
  },
]
