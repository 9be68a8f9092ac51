// What people may do: denials by guard, role and handler; what an administrator does; audited resources; errors.
import { PASSWORD, type Scenario } from '../scenario.js'

const { ann, dana } = PASSWORD
const SIGNED_IN = ['login.succeeded', 'session.created']

export const ACCESS: Record<string, Scenario> = {
  'a request in which nothing happens leaves no record': {
    facts: [],
    async play({ browser }) {
      await browser().get('/open', 200)
    },
  },
  'a guard turns everyone away': {
    facts: ['authz.denied forbidden'],
    async play({ browser }) {
      await browser().get('/guarded/4711?token=secret-in-a-url', 403)
    },
  },
  'a guard asks for someone who is signed in': {
    facts: ['authz.denied unauthenticated'],
    async play({ browser }) {
      await browser().get('/account', 401)
    },
  },
  'a role is missing': {
    facts: [...SIGNED_IN, 'authz.denied forbidden'],
    async play({ browser }) {
      const one = browser()
      await one.post('/login', ann, 200)
      await one.get('/admin/users', 403)
    },
  },
  'an administrator passes': {
    facts: SIGNED_IN,
    async play({ browser }) {
      const one = browser()
      await one.post('/login', dana, 200)
      await one.get('/admin/users', 200)
    },
  },
  'a handler answers 403 by itself': {
    facts: ['authz.denied forbidden'],
    async play({ browser }) {
      await browser().get('/denied/4711?token=secret-in-a-url', 403)
    },
  },
  'a handler answers 401 by itself': {
    facts: ['authz.denied unauthenticated'],
    async play({ browser }) {
      await browser().get('/unauthenticated', 401)
    },
  },
  'an error of status 403 is a denial': {
    facts: ['authz.denied forbidden'],
    async play({ browser }) {
      await browser().get('/forbidden', 403)
    },
  },
  'a bug in a handler is no denial': {
    facts: [],
    async play({ browser }) {
      await browser().get('/broken', 500)
    },
  },
  'a route that is not there': {
    facts: [],
    async play({ browser }) {
      await browser().get('/nowhere/at/all', 404)
    },
  },
  'an audited route that answers': {
    facts: ['resource.read'],
    async play({ browser }) {
      await browser().get('/items/7', 200)
    },
  },
  'an audited route that finds nothing': {
    facts: ['resource.read'],
    async play({ browser }) {
      await browser().get('/items/7/missing', 404)
    },
  },
  'an audited route that denies is told once, as itself': {
    facts: ['resource.read'],
    async play({ browser }) {
      await browser().get('/items/7/denied', 403)
    },
  },
  'an audited route whose handler throws': {
    facts: ['resource.read'],
    async play({ browser }) {
      await browser().get('/items/7/broken', 500)
    },
  },
  'an audited route that streams is told when it begins, once': {
    facts: ['resource.read'],
    async play({ browser }) {
      await browser().get('/items/7/stream', 200)
    },
  },
  'an audited route behind a guard': {
    facts: [...SIGNED_IN, 'resource.read', 'resource.read'],
    async play({ browser }) {
      await browser().get('/items/7/own', 401)
      const one = browser()
      await one.post('/login', ann, 200)
      await one.get('/items/7/own', 200)
    },
  },
  'an administrator disables an account, which cannot sign in then': {
    facts: [...SIGNED_IN, 'account.disabled', 'login.failed account_disabled'],
    async play({ browser }) {
      const admin = browser()
      await admin.post('/login', dana, 200)
      await admin.post('/admin/users/u-1/disable', {}, 200)
      await browser().post('/login', ann, 401)
    },
  },
  'an administrator grants a role': {
    facts: [...SIGNED_IN, 'role.granted'],
    async play({ browser }) {
      const admin = browser()
      await admin.post('/login', dana, 200)
      await admin.post('/admin/users/u-1/roles', { role: 'editor' }, 200)
    },
  },
  'a customer tries what only administrators may': {
    facts: [...SIGNED_IN, 'authz.denied forbidden', 'authz.denied forbidden'],
    async play({ browser }) {
      const one = browser()
      await one.post('/login', ann, 200)
      await one.post('/admin/users/u-3/disable', {}, 403)
      await one.post('/admin/impersonate/u-3', {}, 403)
    },
  },
  'impersonation names both people, from the start to the end': {
    facts: [
      ...SIGNED_IN,
      'impersonation.started',
      'login.switched',
      'session.rotated',
      'resource.created',
      'impersonation.stopped',
      'login.switched',
      'session.rotated',
    ],
    async play({ browser }) {
      const admin = browser()
      await admin.post('/login', dana, 200)
      await admin.post('/admin/impersonate/u-1', {}, 200)
      await admin.get('/account', 200)
      await admin.post('/orders', {}, 200)
      await admin.post('/impersonate/stop', {}, 200)
      await admin.get('/admin/users', 200)
    },
  },
  'an order of one’s own names one person': {
    facts: [...SIGNED_IN, 'resource.created'],
    async play({ browser }) {
      const one = browser()
      await one.post('/login', ann, 200)
      await one.post('/orders', {}, 200)
    },
  },
}
