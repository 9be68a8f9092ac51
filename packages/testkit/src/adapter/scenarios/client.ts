// Who asks, from where, with which device: what headers and cookies say, and what they only claim.
import { PASSWORD, type Scenario } from '../scenario.js'

const { ann } = PASSWORD
const DEVICE = 'tp_device'
const FAILED = 'login.failed bad_credentials'

/** As a proxy makes it: another form would be the client's own words. */
const TRACE = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'

export const CLIENT: Record<string, Scenario> = {
  'a device cookie is set at a sign-in attempt, and known when it comes back': {
    facts: [FAILED, FAILED],
    async play({ browser, audit }) {
      const one = browser()
      await one.post('/own/login', { name: 'ann' }, 401)
      if (audit) need(one.cookies.has(DEVICE), 'a device cookie')
      await one.post('/own/login', { name: 'ann' }, 401)
    },
  },
  'no device cookie is set where nobody signs in': {
    facts: ['resource.read'],
    async play({ browser }) {
      const one = browser()
      await one.get('/items/7', 200)
      need(!one.cookies.has(DEVICE), 'no device cookie')
    },
  },
  'no device cookie is left on an answer that a cache may keep': {
    facts: [FAILED],
    async play({ browser }) {
      const one = browser()
      await one.post('/own/login', { name: 'ann', cacheable: 'yes' }, 401)
      need(!one.cookies.has(DEVICE), 'no device cookie')
    },
  },
  'a device cookie signed by another key is not believed': {
    facts: [FAILED],
    async play({ browser }) {
      const one = browser()
      one.cookies.set(DEVICE, `v1.${'A'.repeat(24)}.abc123.${'A'.repeat(43)}`)
      await one.post('/own/login', { name: 'ann' }, 401)
    },
  },
  'client hints of a browser: known names, and nothing that a client made up': {
    facts: ['resource.read', 'resource.read'],
    async play({ browser }) {
      const brands = '"Chromium";v="140", "Not=A?Brand";v="24", "Google Chrome";v="140"'
      const hints = { 'sec-ch-ua': brands, 'sec-ch-ua-mobile': '?0', 'sec-ch-ua-platform': '"Linux"' }
      await browser().get('/items/7', 200, { headers: hints })
      const forged = { 'sec-ch-ua': '"hunter2";v="1"', 'sec-ch-ua-platform': '"hunter2"' }
      await browser().get('/items/7', 200, { headers: forged })
    },
  },
  'a device cookie that was tampered with is not believed, and replaced': {
    facts: [FAILED, FAILED],
    async play({ browser, audit }) {
      const one = browser()
      await one.post('/own/login', { name: 'ann' }, 401)
      const forged = (one.cookies.get(DEVICE) ?? '').replace(
        /^v1\../,
        (start) => `v1.${start.endsWith('A') ? 'B' : 'A'}`,
      )
      one.cookies.set(DEVICE, forged)
      await one.post('/own/login', { name: 'ann' }, 401)
      if (audit) need(one.cookies.get(DEVICE) !== forged, 'another device cookie')
    },
  },
  'a device cookie that is none': {
    facts: [FAILED],
    async play({ browser }) {
      const one = browser()
      one.cookies.set(DEVICE, 'whatever')
      await one.post('/own/login', { name: 'ann' }, 401)
    },
  },
  'two browsers are two devices': {
    facts: [FAILED, FAILED],
    async play({ browser }) {
      await browser().post('/own/login', { name: 'ann' }, 401)
      await browser().post('/own/login', { name: 'ann' }, 401)
    },
  },
  'devices are off': {
    facts: [FAILED, 'login.succeeded', 'session.created'],
    device: 'off',
    async play({ browser }) {
      const one = browser()
      await one.post('/own/login', { name: 'ann' }, 401)
      await one.post('/login', ann, 200)
      need(!one.cookies.has(DEVICE), 'no device cookie')
    },
  },
  'trace and request id of a proxy': {
    facts: ['resource.read'],
    async play({ browser }) {
      await browser().get('/items/7', 200, { headers: { traceparent: TRACE } })
    },
  },
  'a request id that a client wrote is not kept': {
    facts: ['resource.read'],
    async play({ browser }) {
      await browser().get('/items/7', 200, { headers: { 'x-request-id': 'my password is hunter2' } })
    },
  },
  'forwarding headers of a stranger do not count': {
    facts: ['resource.read', 'resource.read'],
    async play({ browser }) {
      await browser().get('/items/7', 200, { headers: { 'x-forwarded-for': '203.0.113.9, 10.0.0.1' } })
      await browser().get('/items/7', 200, { headers: { forwarded: 'for=203.0.113.9', 'x-real-ip': '203.0.113.9' } })
    },
  },
  'hostile headers: too long, of another script, and with quotes': {
    facts: ['resource.read', 'resource.read', 'resource.read'],
    async play({ browser }) {
      const agents = [`curl/8.5.0 ${'A'.repeat(4000)}`, 'curl/8.5.0 \u202e\u0085evil', '"}\\u0000{"event":"x']
      for (const agent of agents)
        await browser().get('/items/7', 200, { headers: { 'user-agent': latin1(agent), traceparent: 'nonsense' } })
    },
  },
  'hostile headers: an agent with the password in it': {
    facts: ['login.failed bad_credentials'],
    async play({ browser }) {
      const headers = { 'user-agent': 'curl/8.5.0 the-password-itself' }
      await browser().post('/login', { name: 'ann', password: 'the-password-itself' }, 401, { headers })
    },
  },
  'no user agent at all': {
    facts: ['resource.read'],
    async play({ browser }) {
      await browser().get('/items/7', 200, { headers: { 'user-agent': '' } })
    },
  },
  'a name with control and bidirectional characters is the same name': {
    facts: ['login.failed bad_credentials', 'login.failed unknown_user'],
    async play({ browser }) {
      await browser().post('/login', { name: 'ann', password: 'not-the-password' }, 401)
      await browser().post('/login', { name: '\u202ean\u0000n\u200f', password: 'not-the-password' }, 401)
    },
  },
  'after detach nothing is recorded, and the application answers as before': {
    facts: ['authz.denied forbidden'],
    async play({ browser, audit }) {
      const one = browser()
      await one.get('/denied/1', 403)
      audit?.detach()
      await one.get('/denied/1', 403)
      await one.post('/login', ann, 200)
      await one.get('/account', 200)
      await one.get('/items/7', 200)
    },
  },
}

function need(holds: boolean, what: string): void {
  if (!holds) throw new Error(`the browser should have ${what}`)
}

/** Headers are bytes: what is beyond latin1 is sent as UTF-8. */
const latin1 = (text: string) => Buffer.from(text, 'utf8').toString('latin1')
