// Who the client is, case by case: Express' own `trust proxy` decides whom to believe, core says it in one spelling.
import { once } from 'node:events'
import { createServer, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expressAddress } from '@trailproof/core/adapter'
import { describe, expect, it } from 'vitest'
import { auditExpress } from '../src/index.js'
import { tell, testAudit, versions } from './support.js'

/** `trust proxy`, peer, X-Forwarded-For; then: address, on whose word, was a header ignored? */
type Case = [
  trust: unknown,
  peer: string | undefined,
  header: string | undefined,
  ip: string | undefined,
  source: Source,
  ignored?: 'ignored',
]
type Source = 'socket' | 'framework' | 'forwarded' | undefined

const NO = false
const subnet = '10.0.0.0/8'

// biome-ignore format: a table reads best as one
const X_FORWARDED_FOR: Case[] = [
  // the socket
  [NO, '203.0.113.5', undefined, '203.0.113.5', 'socket'],
  [NO, '::ffff:203.0.113.5', undefined, '203.0.113.5', 'socket'],
  [NO, '::FFFF:cb00:7105', undefined, '203.0.113.5', 'socket'],
  [NO, '2001:db8::5', undefined, '2001:db8::5', 'socket'],
  [NO, '2001:DB8:0:0:0:0:0:5', undefined, '2001:db8::5', 'socket'],
  [NO, 'fe80::5%eth0', undefined, 'fe80::5', 'socket'],
  [NO, '::1', undefined, '::1', 'socket'],
  [NO, '127.0.0.1', undefined, '127.0.0.1', 'socket'],
  [NO, undefined, undefined, undefined, undefined],
  [true, '203.0.113.5', undefined, '203.0.113.5', 'socket'],
  [1, '203.0.113.5', undefined, '203.0.113.5', 'socket'],
  // nobody is trusted: a claim
  [NO, '203.0.113.5', '198.51.100.1', '203.0.113.5', 'socket', 'ignored'],
  [NO, '203.0.113.5', '198.51.100.1, 198.51.100.2', '203.0.113.5', 'socket', 'ignored'],
  [NO, '203.0.113.5', '127.0.0.1', '203.0.113.5', 'socket', 'ignored'],
  [NO, '203.0.113.5', '', '203.0.113.5', 'socket', 'ignored'],
  [NO, '::ffff:203.0.113.5', '203.0.113.5', '203.0.113.5', 'socket', 'ignored'],
  [NO, undefined, '198.51.100.1', undefined, undefined, 'ignored'],
  [0, '203.0.113.5', '198.51.100.1', '203.0.113.5', 'socket', 'ignored'],
  ['loopback', '203.0.113.5', '198.51.100.1', '203.0.113.5', 'socket', 'ignored'],
  [subnet, '203.0.113.5', '198.51.100.1', '203.0.113.5', 'socket', 'ignored'],
  // one proxy
  ['loopback', '127.0.0.1', '198.51.100.1', '198.51.100.1', 'framework'],
  ['loopback', '::1', '198.51.100.1', '198.51.100.1', 'framework'],
  ['loopback', '::ffff:127.0.0.1', '198.51.100.1', '198.51.100.1', 'framework'],
  [1, '10.0.0.1', '198.51.100.1', '198.51.100.1', 'framework'],
  [subnet, '10.0.0.1', '198.51.100.1', '198.51.100.1', 'framework'],
  ['10.0.0.1', '10.0.0.1', '198.51.100.1', '198.51.100.1', 'framework'],
  ['uniquelocal', '10.1.2.3', '198.51.100.1', '198.51.100.1', 'framework'],
  ['linklocal', 'fe80::1', '198.51.100.1', '198.51.100.1', 'framework'],
  ['2001:db8::/32', '2001:db8::9', '198.51.100.1', '198.51.100.1', 'framework'],
  // chains: from the right, as far as trust goes
  [1, '10.0.0.1', 'spoofed, 198.51.100.1', '198.51.100.1', 'framework'],
  [1, '10.0.0.1', '192.0.2.66, 198.51.100.1', '198.51.100.1', 'framework'],
  [2, '10.0.0.1', '192.0.2.66, 198.51.100.1, 10.0.0.2', '198.51.100.1', 'framework'],
  [2, '10.0.0.1', '198.51.100.1, 10.0.0.2', '198.51.100.1', 'framework'],
  [3, '10.0.0.1', '198.51.100.1, 10.0.0.2', '198.51.100.1', 'framework'],
  [subnet, '10.0.0.1', '192.0.2.66, 198.51.100.1, 10.0.0.3, 10.0.0.2', '198.51.100.1', 'framework'],
  [subnet, '10.0.0.1', '10.0.0.3, 10.0.0.2', '10.0.0.3', 'framework'],
  [subnet, '10.0.0.1', '10.0.0.9, 198.51.100.1', '198.51.100.1', 'framework'],
  ['loopback, 10.0.0.0/8', '127.0.0.1', '198.51.100.1, 10.0.0.2', '198.51.100.1', 'framework'],
  ['loopback', '127.0.0.1', '127.0.0.1, 127.0.0.1', '127.0.0.1', 'socket', 'ignored'],
  [true, '10.0.0.1', '198.51.100.1, 10.0.0.2', '198.51.100.1', 'framework'],
  [true, '10.0.0.1', '127.0.0.1, 198.51.100.1', '127.0.0.1', 'framework'],
  // a hop count that is one too many, against a client that speaks to the proxy itself: Express' own risk, said as it is
  [2, '10.0.0.1', '192.0.2.66, 198.51.100.1', '192.0.2.66', 'framework'],
  // spellings inside the header
  [1, '10.0.0.1', '198.51.100.1:50123', '198.51.100.1', 'framework'],
  [1, '10.0.0.1', '[2001:db8::7]:443', '2001:db8::7', 'framework'],
  [1, '10.0.0.1', '[2001:db8::7]', '2001:db8::7', 'framework'],
  [1, '10.0.0.1', '2001:DB8:0::7', '2001:db8::7', 'framework'],
  [1, '10.0.0.1', '::ffff:198.51.100.1', '198.51.100.1', 'framework'],
  [1, '10.0.0.1', '[::ffff:198.51.100.1]:1', '198.51.100.1', 'framework'],
  [1, '10.0.0.1', 'fe80::7%wlan0', 'fe80::7', 'framework'],
  [1, '10.0.0.1', '  198.51.100.1  ', '198.51.100.1', 'framework'],
  // what is no address
  [1, '10.0.0.1', 'unknown', '10.0.0.1', 'socket', 'ignored'],
  [1, '10.0.0.1', '198.51.100.1, unknown', '10.0.0.1', 'socket', 'ignored'],
  [1, '10.0.0.1', '198.51.100.999', '10.0.0.1', 'socket', 'ignored'],
  [1, '10.0.0.1', '<script>', '10.0.0.1', 'socket', 'ignored'],
  [1, '10.0.0.1', "1.2.3.4' OR 1=1", '10.0.0.1', 'socket', 'ignored'],
  [1, '10.0.0.1', 'a'.repeat(4000), '10.0.0.1', 'socket', 'ignored'],
  [1, '10.0.0.1', ',,,', '10.0.0.1', 'socket', 'ignored'],
  [1, '10.0.0.1', '010.0.0.1', '10.0.0.1', 'socket', 'ignored'],
  [1, '10.0.0.1', 'localhost', '10.0.0.1', 'socket', 'ignored'],
  // a unix socket: the proxy has no address
  [1, undefined, '198.51.100.1', '198.51.100.1', 'framework'],
  [true, undefined, '198.51.100.1, 198.51.100.2', '198.51.100.1', 'framework'],
  ['loopback', undefined, '198.51.100.1', undefined, undefined, 'ignored'],
  // a rule of the application's own
  [(address: string) => address === '192.0.2.77', '192.0.2.77', '198.51.100.1', '198.51.100.1', 'framework'],
  [(address: string) => address === '192.0.2.77', '192.0.2.78', '198.51.100.1', '192.0.2.78', 'socket', 'ignored'],
]

// biome-ignore format: a table reads best as one
const FORWARDED: Case[] = [
  // nobody is trusted, though the application reads the header
  [NO, '203.0.113.5', 'for=198.51.100.1', '203.0.113.5', 'socket', 'ignored'],
  ['loopback', '203.0.113.5', 'for=198.51.100.1', '203.0.113.5', 'socket', 'ignored'],
  // one proxy
  [1, '10.0.0.1', 'for=198.51.100.1', '198.51.100.1', 'forwarded'],
  [1, '10.0.0.1', 'For=198.51.100.1;proto=https;by=10.0.0.1', '198.51.100.1', 'forwarded'],
  [1, '10.0.0.1', 'proto=https ; FOR="198.51.100.1:50123"', '198.51.100.1', 'forwarded'],
  [1, '10.0.0.1', 'for="[2001:db8::7]:4711"', '2001:db8::7', 'forwarded'],
  [1, '10.0.0.1', 'for="[2001:DB8:0::7]"', '2001:db8::7', 'forwarded'],
  [1, '10.0.0.1', 'for="[::ffff:198.51.100.1]"', '198.51.100.1', 'forwarded'],
  [1, '10.0.0.1', 'for="198.51.100\\.1"', '198.51.100.1', 'forwarded'],
  ['loopback', '::ffff:127.0.0.1', 'for=198.51.100.1', '198.51.100.1', 'forwarded'],
  [1, undefined, 'for=198.51.100.1', '198.51.100.1', 'forwarded'],
  ['loopback', undefined, 'for=198.51.100.1', undefined, undefined, 'ignored'],
  // chains
  [1, '10.0.0.1', 'for=192.0.2.66, for=198.51.100.1', '198.51.100.1', 'forwarded'],
  [2, '10.0.0.1', 'for=192.0.2.66, for=198.51.100.1, for=10.0.0.2', '198.51.100.1', 'forwarded'],
  [subnet, '10.0.0.1', 'for=192.0.2.66,for=198.51.100.1,for=10.0.0.3;proto=http,for=10.0.0.2', '198.51.100.1', 'forwarded'],
  [true, '10.0.0.1', 'for=198.51.100.1, for=10.0.0.2', '198.51.100.1', 'forwarded'],
  [subnet, '10.0.0.1', 'for=10.0.0.3, for=10.0.0.2', '10.0.0.3', 'forwarded'],
  [1, '10.0.0.1', 'for="a, for=192.0.2.66", for=198.51.100.1', '198.51.100.1', 'forwarded'],
  // nodes that hide
  [1, '10.0.0.1', 'for=unknown', '10.0.0.1', 'socket', 'ignored'],
  [1, '10.0.0.1', 'for=_gazonk', '10.0.0.1', 'socket', 'ignored'],
  [subnet, '10.0.0.1', 'for=198.51.100.1, for=_hidden, for=10.0.0.2', '10.0.0.1', 'socket', 'ignored'],
  [1, '10.0.0.1', 'proto=https', '10.0.0.1', 'socket', 'ignored'],
  // malformed: none of it counts
  [1, '10.0.0.1', 'for=198.51.100.1;for=192.0.2.66', '10.0.0.1', 'socket', 'ignored'],
  [1, '10.0.0.1', 'for="198.51.100.1', '10.0.0.1', 'socket', 'ignored'],
  [1, '10.0.0.1', 'for=[2001:db8::7]', '10.0.0.1', 'socket', 'ignored'],
  [1, '10.0.0.1', 'for=198.51.100.1 for=192.0.2.66', '10.0.0.1', 'socket', 'ignored'],
  [1, '10.0.0.1', '198.51.100.1', '10.0.0.1', 'socket', 'ignored'],
  [1, '10.0.0.1', `for=198.51.100.1;x="${'y'.repeat(9000)}"`, '10.0.0.1', 'socket', 'ignored'],
  [1, '10.0.0.1', Array(65).fill('for=198.51.100.1').join(','), '10.0.0.1', 'socket', 'ignored'],
  [1, '10.0.0.1', '', '10.0.0.1', 'socket', 'ignored'],
]

describe.each(versions)('%s', (_name, express) => {
  const ask = (trust: unknown, peer: string | undefined, headers: object, forwarded: boolean) => {
    const app = express()
    app.set('trust proxy', trust)
    const req = Object.create((app as unknown as { request: object }).request, {
      headers: { value: headers },
      socket: { value: { remoteAddress: peer } },
      connection: { value: { remoteAddress: peer } },
    })
    return expressAddress(req, forwarded)
  }

  it.each(X_FORWARDED_FOR)('trust proxy %s, peer %s, X-Forwarded-For %j: %s by %s', (...given) => {
    const [trust, peer, header, ip, source, ignored] = given
    const headers = header === undefined ? {} : { 'x-forwarded-for': header }
    for (const forwarded of [false, true]) {
      const found = ask(trust, peer, headers, forwarded)
      expect(found).toMatchObject({ ip, source, forwardedIgnored: ignored === 'ignored' })
    }
  })

  it.each(FORWARDED)('trust proxy %s, peer %s, Forwarded %j: %s by %s', (...given) => {
    const [trust, peer, header, ip, source, ignored] = given
    const found = ask(trust, peer, { forwarded: header }, true)
    expect(found).toMatchObject({ ip, source, forwardedIgnored: ignored === 'ignored' })
    // Nobody asked for it: then it is a claim, whoever sent it.
    const unasked = ask(trust, peer, { forwarded: header }, false)
    expect(unasked).toMatchObject({ ip: unasked.peer, forwardedIgnored: true })
  })

  it('Forwarded counts before X-Forwarded-For where it is asked for and says an address', () => {
    const headers = { forwarded: 'for=198.51.100.1', 'x-forwarded-for': '198.51.100.2' }
    expect(ask(1, '10.0.0.1', headers, true)).toMatchObject({ ip: '198.51.100.1', source: 'forwarded' })
    expect(ask(1, '10.0.0.1', headers, false)).toMatchObject({ ip: '198.51.100.2', source: 'framework' })
    const hidden = { ...headers, forwarded: 'for=_hidden' }
    expect(ask(1, '10.0.0.1', hidden, true)).toMatchObject({ ip: '198.51.100.2', source: 'framework' })
  })

  it('over a unix socket, as it stands in the record', async () => {
    const t = testAudit()
    await t.audit.ready
    await t.audit.flush()
    const app = express()
    app.set('trust proxy', 1)
    app.use(auditExpress(t.audit, { forwarded: true }))
    app.get('/', (_req, res) => (tell(t, 'token.rejected'), void res.end()))
    const socketPath = join(tmpdir(), `trailproof-${process.pid}-${express === versions[0]![1] ? 4 : 5}.sock`)
    const server = createServer(app).listen(socketPath)
    await once(server, 'listening')
    for (const headers of [{}, { 'x-forwarded-for': '198.51.100.1' }, { forwarded: 'for=198.51.100.2' }])
      await new Promise((done) => request({ socketPath, headers }, (res) => res.resume().on('end', done)).end())
    server.close()
    expect((await t.lines()).map(({ client }) => [client?.['ip'], client?.['ip_source']])).toEqual([
      [undefined, undefined],
      ['198.51.100.1', 'framework'],
      ['198.51.100.2', 'forwarded'],
    ])
  })
})

it('at least eighty cases are in the table', () => {
  expect(X_FORWARDED_FOR.length + FORWARDED.length).toBeGreaterThanOrEqual(80)
})
