// The log's side: witnesses that are honest, late, silent, lying, or that know more than the log does.
import { createServer, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { formatPolicy, type Policy, PolicyJudge, parseAddCheckpoint, parsePolicy } from '@trailproof/tlog'
import { afterEach, describe, expect, test } from 'vitest'
import { makeSigner } from '../../../core/test/verify/fixture.js'
import { sha256, verify } from '../../../tlog/test/helpers.js'
import {
  type Anchor,
  generateWitnessKey,
  readWitnessKey,
  Witness,
  WitnessState,
  witnessAnchor,
  witnessesAnchor,
  witnessServer,
} from '../../src/index.js'
import { hashOf, removeTempDirs, TestLog, tempDir } from './support.js'

const ends: (() => void)[] = []
afterEach(() => {
  for (const end of ends.splice(0)) end()
  removeTempDirs()
})

async function listen(server: Server): Promise<string> {
  server.listen(0, '127.0.0.1')
  await new Promise((resolve) => server.on('listening', resolve))
  ends.push(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** A real witness over HTTP. */
async function honest(log: TestLog, name = 'w') {
  const dir = tempDir()
  generateWitnessKey(join(dir, 'key'), `${name}.example`)
  const key = readWitnessKey(join(dir, 'key', 'witness.key'))
  const state = await WitnessState.open(join(dir, 'state'), key.vkey, true)
  ends.push(() => state.close())
  const witness = new Witness({
    signer: key.signer(() => 1_700_000_000),
    logs: [log.signer.vkey],
    state,
  })
  return { name, witness, vkey: key.vkey, url: await listen(witnessServer(witness)) }
}

/** A server that answers as told; `asked` has what it was asked. */
async function fake(answer: (body: string, res: ServerResponse) => void) {
  const asked: string[] = []
  const url = await listen(
    createServer(async (req, res) => {
      let body = ''
      for await (const piece of req) body += piece
      asked.push(body)
      answer(body, res)
    }),
  )
  return { url, asked }
}

const vkeyOf = (name = 'w') => generateWitnessKey(join(tempDir(), 'key'), `${name}.example`).vkey
const never = () => new AbortController().signal
const publish = (anchor: Anchor, log: TestLog, size: number) => anchor.publish(log.at(size), log.prove(size), never())
const oldSizes = (asked: string[]) => asked.map((body) => parseAddCheckpoint(body).oldSize)
const failure = (reason: string) => ({ code: 'TRAILPROOF_ANCHOR_FAILED', reason })
const conflict = (reason: string) => ({ code: 'TRAILPROOF_ANCHOR_CONFLICT', reason })

describe('a witness as an anchor', () => {
  test('cosigns the log from nothing onwards; the cosigned checkpoint is what is kept', async () => {
    const log = new TestLog()
    const { vkey, url, witness } = await honest(log)
    const anchor = witnessAnchor({ name: 'w', vkey, url })
    for (const size of [1, 7, 7, 256, 600]) {
      const { files, time } = await publish(anchor, log, size)
      expect(time).toEqual(new Date(1_700_000_000_000))
      expect(files.map(({ name }) => name)).toEqual([`witnessed-${String(size).padStart(20, '0')}-w`])
      const note = Buffer.from(files[0]!.bytes).toString()
      const policy = parsePolicy(sha256, `log ${log.signer.vkey}\nwitness W ${vkey}\nquorum W\n`)
      expect(new PolicyJudge(sha256, verify, policy).judge(note)).toMatchObject({
        cosigned: [{ name: 'W' }],
        quorum: true,
      })
      expect(witness.latest(hashOf(log.signer.origin)).status).toBe(200)
    }
  })

  test('is asked with the size it cosigned last, and after a restart once more with the size it names', async () => {
    const log = new TestLog()
    const { vkey, url, witness } = await honest(log)
    const through = await fake(async (body, res) => {
      const { status, body: text } = await witness.addCheckpoint(body)
      res.writeHead(status).end(text)
    })
    const anchor = witnessAnchor({ name: 'w', vkey, url: `${through.url}/` })
    await publish(anchor, log, 5)
    await publish(anchor, log, 300)
    expect(oldSizes(through.asked.splice(0))).toEqual([0, 5])
    const restarted = witnessAnchor({ name: 'w', vkey, url: through.url, monitoringUrl: url })
    await publish(restarted, log, 400)
    expect(oldSizes(through.asked)).toEqual([0, 300])
    const latest = await restarted.latest!(log.signer.origin, never())
    expect(latest!.startsWith(log.at(400).note)).toBe(true)
    expect(await restarted.latest!('unknown.example', never())).toBeUndefined()
  })

  test('that always answers 409 is asked twice, not for ever', async () => {
    const log = new TestLog()
    let size = 0
    const { url, asked } = await fake((_, res) => res.writeHead(409).end(`${++size}\n`))
    await expect(publish(witnessAnchor({ name: 'w', vkey: vkeyOf(), url }), log, 300)).rejects.toMatchObject(
      failure('refused'),
    )
    expect(oldSizes(asked)).toEqual([0, 1])
  })

  test('that names no size, or the one it was just told, is not asked again', async () => {
    const log = new TestLog()
    for (const body of ['', 'five\n', '0\n', '5', '-1\n']) {
      const { url, asked } = await fake((_, res) => res.writeHead(409).end(body))
      await expect(publish(witnessAnchor({ name: 'w', vkey: vkeyOf(), url }), log, 300)).rejects.toMatchObject(
        failure('refused'),
      )
      expect(asked).toHaveLength(1)
    }
  })

  test('that knows a larger tree is an alarm about this log, and not asked again', async () => {
    const log = new TestLog()
    const { vkey, url } = await honest(log)
    await publish(witnessAnchor({ name: 'w', vkey, url }), log, 500)
    const rolledBack = witnessAnchor({ name: 'w', vkey, url }) // of a process that began on an older copy
    await expect(publish(rolledBack, log, 300)).rejects.toMatchObject({
      ...conflict('rolled_back'),
      witness: 'w',
      expected: 300,
      found: 500,
    })
    const { url: other, asked } = await fake((_, res) => res.writeHead(409).end('500\n'))
    await expect(publish(witnessAnchor({ name: 'w', vkey, url: other }), log, 300)).rejects.toMatchObject(
      conflict('rolled_back'),
    )
    expect(asked).toHaveLength(1)
  })

  test('that this process has shown a larger tree is an alarm without asking', async () => {
    const log = new TestLog()
    const { vkey, url } = await honest(log)
    const anchor = witnessAnchor({ name: 'w', vkey, url })
    await publish(anchor, log, 500)
    await expect(publish(anchor, log, 300)).rejects.toMatchObject(conflict('rolled_back'))
  })

  test.each([
    ['of the same size', 500, 0],
    ['below', 600, 0],
    ['below, the same at first', 600, 250],
  ])('that knows another tree %s is an alarm', async (_, size, shared) => {
    const log = new TestLog()
    const { vkey, url } = await honest(log)
    await publish(witnessAnchor({ name: 'w', vkey, url }), log, 500)
    const fork = new TestLog(log.signer, 'b', 600, shared)
    await expect(publish(witnessAnchor({ name: 'w', vkey, url }), fork, size)).rejects.toMatchObject(conflict('forked'))
  })

  test('that answers 409 at equal size, as the first specification had it, is the same alarm', async () => {
    const log = new TestLog()
    const { url } = await fake((_, res) => res.writeHead(409).end('300\n'))
    await expect(publish(witnessAnchor({ name: 'w', vkey: vkeyOf(), url }), log, 300)).rejects.toMatchObject(
      conflict('forked'),
    )
  })

  test.each([400, 403, 404, 429, 500, 503, 302, 204])('that answers %i has not cosigned', async (status) => {
    const log = new TestLog()
    const elsewhere = await fake((_, res) => res.end())
    const { url, asked } = await fake((_, res) => res.writeHead(status, { location: elsewhere.url }).end())
    await expect(publish(witnessAnchor({ name: 'w', vkey: vkeyOf(), url }), log, 300)).rejects.toMatchObject({
      ...failure('refused'),
      answer: status,
    })
    expect([asked.length, elsewhere.asked.length]).toEqual([1, 0]) // redirects are not followed
  })

  test('that answers with anything but its own cosignature of this checkpoint has not cosigned', async () => {
    const log = new TestLog()
    const [good, other] = [await honest(log), await honest(log, 'other')]
    const of = async (w: typeof good, size: number) => (await w.witness.addCheckpoint(log.request(0, size))).body
    const [mine, ofOther] = [await of(good, 299), await of(other, 300)] // of another checkpoint; of another witness
    const forged = ofOther.replace(/^. \S+ \S{8}/, mine.match(/^. \S+ \S{8}/)![0])
    for (const body of [
      '',
      '\n',
      'garbage',
      '\u0000'.repeat(300),
      mine,
      ofOther,
      forged,
      `${mine}${ofOther}`,
      '\u2014 w x\n',
    ]) {
      const { url } = await fake((_, res) => res.end(body))
      await expect(publish(witnessAnchor({ name: 'w', vkey: good.vkey, url }), log, 300)).rejects.toMatchObject(
        failure('invalid'),
      )
    }
    const { url } = await fake((_, res) => res.end(Buffer.from([0xff, 0xfe])))
    await expect(publish(witnessAnchor({ name: 'w', vkey: good.vkey, url }), log, 300)).rejects.toMatchObject(
      failure('invalid'),
    )
  })

  test('may add lines of other keys: they are dropped', async () => {
    const log = new TestLog()
    const [good, other] = [await honest(log), await honest(log, 'other')]
    const { url } = await fake(async (body, res) => {
      const answers = [await other.witness.addCheckpoint(body), await good.witness.addCheckpoint(body)]
      res.end(answers.map((answer) => answer.body).join(''))
    })
    const { files } = await publish(witnessAnchor({ name: 'w', vkey: good.vkey, url }), log, 300)
    const note = Buffer.from(files[0]!.bytes).toString()
    expect(note).toContain('\u2014 w.example ')
    expect(note).not.toContain('other.example')
  })

  test('that answers with a megabyte, or without end, is cut off at 64 KiB', async () => {
    const log = new TestLog()
    let sent = 0
    const endless = await fake((_, res) => {
      const more = () => {
        while (!res.destroyed && res.write('x'.repeat(16_384))) sent += 16_384
      }
      res.on('drain', more)
      more()
    })
    const megabyte = await fake((_, res) => res.end('x'.repeat(1_000_000)))
    for (const { url } of [megabyte, endless])
      await expect(publish(witnessAnchor({ name: 'w', vkey: vkeyOf(), url }), log, 300)).rejects.toMatchObject(
        failure('invalid'),
      )
    expect(sent).toBeLessThan(50_000_000)
  })

  test('that is not there, or takes the question and never answers, is unreachable in bounded time', async () => {
    const log = new TestLog()
    const vkey = vkeyOf()
    const closed = await fake(() => {})
    for (const end of ends.splice(0)) end()
    const gone = witnessAnchor({ name: 'w', vkey, url: closed.url })
    await expect(publish(gone, log, 300)).rejects.toMatchObject(failure('unreachable'))
    await expect(gone.latest!(log.signer.origin, never())).rejects.toMatchObject(failure('unreachable'))

    const silent = await fake(() => {})
    const half = await fake((_, res) => res.writeHead(200).write('\u2014 w'))
    for (const { url } of [silent, half]) {
      const anchor = witnessAnchor({ name: 'w', vkey, url, timeoutMs: 100 })
      await expect(publish(anchor, log, 300)).rejects.toMatchObject(failure('unreachable'))
    }
    const stop = new AbortController()
    setTimeout(() => stop.abort(), 50)
    const patient = witnessAnchor({ name: 'w', vkey, url: silent.url, timeoutMs: 60_000 })
    await expect(patient.publish(log.at(300), log.prove(300), stop.signal)).rejects.toMatchObject(
      failure('unreachable'),
    )
  })

  test('has its options checked at once', () => {
    const vkey = vkeyOf()
    const good = { name: 'w', vkey, url: 'https://w.example/prefix/' }
    witnessAnchor(good)
    const wrong: object[] = [
      { ...good, name: 'W 1' },
      { ...good, name: '../w' },
      { ...good, vkey: new TestLog().signer.vkey },
      { ...good, vkey: 'none' },
      { ...good, url: 'ftp://w.example' },
      { ...good, url: 'https://user:word@w.example' },
      { ...good, url: 'https://w.example?a' },
      { ...good, timeoutMs: 0 },
      { ...good, timeout: 5 },
    ]
    for (const options of wrong)
      expect(() => witnessAnchor(options as typeof good)).toThrow(
        expect.objectContaining({ code: 'TRAILPROOF_OPTION_INVALID' }),
      )
    expect(() => witnessAnchor({ ...good, timeout: 5 } as never)).toThrow(/did you mean "timeoutMs"/)
  })
})

describe('the witnesses of a policy', () => {
  async function two(log: TestLog, third: string) {
    const [a, b] = [await honest(log, 'a'), await honest(log, 'b')]
    const policy: Policy = {
      logs: [{ vkey: log.signer.vkey }],
      witnesses: [a, b, { name: 'c', vkey: vkeyOf('c'), url: third }].map(({ name, vkey, url }) => ({
        name,
        vkey,
        url,
      })),
      groups: [{ name: 'two', threshold: 2, members: ['a', 'b', 'c'] }],
      quorum: 'two',
    }
    return { a, b, policy, text: formatPolicy(sha256, policy), judge: new PolicyJudge(sha256, verify, policy) }
  }

  test.each([
    ['is down', undefined],
    ['never answers', () => {}],
    ['answers garbage', (_: string, res: ServerResponse) => void res.end('garbage')],
    ['answers with a megabyte', (_: string, res: ServerResponse) => void res.end('x'.repeat(1e6))],
    ['refuses', (_: string, res: ServerResponse) => void res.writeHead(403).end()],
  ])('two of three are enough when one %s, and the note has just those two', async (_, answer) => {
    const log = new TestLog()
    const third = answer ? (await fake(answer)).url : 'http://127.0.0.1:1'
    const { text, judge } = await two(log, third)
    const anchor = witnessesAnchor({ policy: text, timeoutMs: 500 })
    for (const size of [5, 300]) {
      const { files, time } = await publish(anchor, log, size)
      expect(files.map(({ name }) => name)).toEqual([`witnessed-${String(size).padStart(20, '0')}-witnesses`])
      const judged = judge.judge(Buffer.from(files[0]!.bytes).toString())
      expect([judged.cosigned.map(({ name }) => name), judged.quorum]).toEqual([['a', 'b'], true])
      expect(time).toEqual(new Date(1_700_000_000_000))
    }
    expect(await anchor.latest!(log.signer.origin, never())).toContain(log.at(300).note)
  })

  test('one of three is too few: nothing is kept, and it says who was missing', async () => {
    const log = new TestLog()
    const { policy } = await two(log, 'http://127.0.0.1:1')
    policy.witnesses[1]!.url = 'http://127.0.0.1:2'
    const anchor = witnessesAnchor({ policy: formatPolicy(sha256, policy) })
    await expect(publish(anchor, log, 5)).rejects.toMatchObject({
      ...failure('quorum'),
      signed: ['a'],
      message: expect.stringMatching(/1 of 3 .*"b".*"c"/),
    })
  })

  test('an alarm of one is not silenced by the quorum of the others', async () => {
    const log = new TestLog()
    const { text } = await two(log, (await fake((_, res) => res.writeHead(409).end('9999\n'))).url)
    await expect(publish(witnessesAnchor({ policy: text }), log, 300)).rejects.toMatchObject({
      ...conflict('rolled_back'),
      witness: 'c',
      found: 9999,
    })
  })

  test('the newest that any of them knows is taken, when witness and log have signed it', async () => {
    const log = new TestLog()
    const liar = new TestLog(makeSigner(log.signer.origin), 'b') // the same name, another key
    const lying = await honest(liar, 'c')
    await publish(witnessAnchor({ name: 'c', vkey: lying.vkey, url: lying.url }), liar, 600)
    const { a, b, policy } = await two(log, lying.url)
    policy.witnesses[2]!.vkey = lying.vkey
    await publish(witnessAnchor({ name: 'a', vkey: a.vkey, url: a.url }), log, 200)
    await publish(witnessAnchor({ name: 'b', vkey: b.vkey, url: b.url }), log, 300)
    const anchor = witnessesAnchor({ policy: formatPolicy(sha256, policy) })
    expect(await anchor.latest!(log.signer.origin, never())).toContain(log.at(300).note)
  })

  test('a policy that cannot be used is refused at once', () => {
    const vkey = vkeyOf()
    expect(() => witnessesAnchor({ policy: `witness A ${vkey} http://a.example\nquorum B\n` })).toThrow(
      expect.objectContaining({ code: 'TRAILPROOF_POLICY_INVALID', line: 2 }),
    )
    expect(() => witnessesAnchor({ policy: `witness A ${vkey}\nquorum A\n` })).toThrow(/has a URL/)
    expect(() => witnessesAnchor({ policy: 'quorum none\n', names: 1 } as never)).toThrow(/did you mean "name"/)
  })
})

describe('the server', () => {
  test('has two routes, and refuses everything else and everything too large', async () => {
    const log = new TestLog()
    const { url } = await honest(log)
    const status = async (path: string, init?: RequestInit) => (await fetch(url + path, init)).status
    expect(await status('/')).toBe(404)
    expect(await status(`/${hashOf('x')}/checkpoint`)).toBe(404)
    expect(await status('/../../etc/passwd')).toBe(404)
    expect(await status('/add-checkpoint')).toBe(405)
    expect(await status(`/${hashOf('x')}/checkpoint`, { method: 'PUT' })).toBe(405)
    expect(await status('/add-checkpoint', { method: 'POST', body: 'x'.repeat(64 * 1024) })).toBe(400)
    expect(await status('/add-checkpoint', { method: 'POST', body: 'x'.repeat(64 * 1024 + 1) })).toBe(413)
    expect(await status('/add-checkpoint', { method: 'POST', body: Buffer.from([0xff]) })).toBe(400)
    const chunked = new Blob(['x'.repeat(200_000)]).stream()
    const long = await status('/add-checkpoint', {
      method: 'POST',
      body: chunked,
      duplex: 'half',
    } as RequestInit).catch(
      () => 413, // the server may end the connection before the client has read the answer
    )
    expect(long).toBe(413)
    const conflict = await fetch(`${url}/add-checkpoint`, { method: 'POST', body: log.request(3, 5) })
    expect([conflict.status, conflict.headers.get('content-type'), await conflict.text()]).toEqual([
      409,
      'text/x.tlog.size',
      '0\n',
    ])
    expect(await status('/add-checkpoint', { method: 'POST', body: log.request(0, 5) })).toBe(200)
  })
})
