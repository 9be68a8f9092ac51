// What a witness answers, row by row of C2SP tlog-witness, and what it remembers.
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { cosignatureTime, cosignatureVerifier, openNote, parseSignatureLines } from '@trailproof/tlog'
import { afterAll, describe, expect, test } from 'vitest'
import { makeSigner } from '../../../core/test/verify/fixture.js'
import { sha256, verify } from '../../../tlog/test/helpers.js'
import { generateWitnessKey, readWitnessKey, Witness, WitnessState } from '../../src/index.js'
import { hashOf, noteOver, removeTempDirs, TestLog, tempDir } from './support.js'

const open: WitnessState[] = []
afterAll(() => {
  for (const state of open) state.close()
  removeTempDirs()
})

const NOW = 1_700_000_000

async function start({ logs = [new TestLog()], dir = tempDir(), init = true } = {}) {
  if (init) generateWitnessKey(join(dir, 'key'), 'witness.example/1')
  const key = readWitnessKey(join(dir, 'key', 'witness.key'))
  const state = await WitnessState.open(join(dir, 'state'), key.vkey, init)
  open.push(state)
  const told: unknown[] = []
  const troubles: unknown[] = []
  const witness = new Witness({
    signer: key.signer(() => NOW),
    logs: logs.map(({ signer }) => signer.vkey),
    state,
    onContradiction: (found) => told.push(found),
    onTrouble: (error) => troubles.push(error),
  })
  return { dir, key, state, witness, told, troubles, log: logs[0]! }
}

type Started = Awaited<ReturnType<typeof start>>

const ask = async ({ witness }: Started, body: string) => (await witness.addCheckpoint(body)).status

/** The size that a cosignature in the answer is over, verified with code of its own key. */
function cosigned({ key }: Started, note: string, body: string): number {
  const verifier = cosignatureVerifier(sha256, key.vkey, verify)
  const { verified, text } = openNote(note + body, [verifier])
  expect(cosignatureTime(verified[0]!)).toBe(NOW)
  return Number(text.split('\n')[1])
}

describe('a witness', () => {
  test('cosigns a log from its first checkpoint on, and again at the same size', async () => {
    const w = await start()
    for (const [from, to] of [
      [0, 5],
      [5, 256],
      [256, 600],
      [600, 600],
    ] as const) {
      const { status, body } = await w.witness.addCheckpoint(w.log.request(from, to))
      expect(status).toBe(200)
      expect(parseSignatureLines(body)).toHaveLength(1)
      expect(cosigned(w, w.log.at(to).note, body)).toBe(to)
    }
    expect(w.told).toEqual([])
  })

  test('shows the newest checkpoint it has cosigned to whoever asks', async () => {
    const w = await start()
    const hash = hashOf(w.log.signer.origin)
    expect(w.witness.latest(hash).status).toBe(404)
    const { body } = await w.witness.addCheckpoint(w.log.request(0, 5))
    expect(w.witness.latest(hash)).toEqual({ status: 200, body: w.log.at(5).note + body })
  })

  test('cosigns an empty log, and only with the root of nothing', async () => {
    const w = await start()
    expect(await ask(w, w.log.request(0, 0))).toBe(200)
    expect(await ask(w, w.log.request(0, 7))).toBe(200)
    const lie = noteOver(w.log.signer, 0, new Uint8Array(32))
    const fresh = await start({ logs: [w.log] })
    expect(await ask(fresh, `old 0\n\n${lie}`)).toBe(422)
  })

  test.each([
    ['nonsense', 400],
    ['old 5\n', 400],
    ['old 05\n\nx\n', 400],
    ['old -1\n\nx\n', 400],
    ['', 400],
  ])('answers %j with %i', async (body, status) => {
    const w = await start()
    expect(await ask(w, body)).toBe(status)
  })

  test('answers 400 to an old size above the checkpoint’s, and to more than 63 hashes', async () => {
    const w = await start()
    expect(await ask(w, w.log.request(6, 5))).toBe(400)
    const many = Array.from({ length: 64 }, () => new Uint8Array(32))
    expect(await ask(w, w.log.request(0, 5, many))).toBe(400)
  })

  test('answers 404 to a log it was not told of', async () => {
    const w = await start()
    expect(await ask(w, new TestLog(makeSigner('stranger.example')).request(0, 5))).toBe(404)
  })

  test('answers 403 to a checkpoint of a known origin that another key has signed, and to a spoilt signature', async () => {
    const w = await start()
    expect(await ask(w, new TestLog(makeSigner(w.log.signer.origin)).request(0, 5))).toBe(403)
    const request = w.log.request(0, 5)
    const signature = request.trimEnd().split(' ').at(-1)!
    const bytes = Buffer.from(signature, 'base64')
    bytes[20]! ^= 1
    expect(await ask(w, request.replace(signature, bytes.toString('base64')))).toBe(403)
    expect(w.witness.latest(hashOf(w.log.signer.origin)).status).toBe(404)
  })

  test('answers 409 with the size it knows, as text/x.tlog.size', async () => {
    const w = await start()
    await w.witness.addCheckpoint(w.log.request(0, 300))
    for (const request of [w.log.request(0, 400), w.log.request(200, 400), w.log.request(5, 200)])
      expect(await w.witness.addCheckpoint(request)).toEqual({
        status: 409,
        body: '300\n',
        type: 'text/x.tlog.size',
      })
    const fresh = await start()
    expect(await fresh.witness.addCheckpoint(fresh.log.request(3, 5))).toMatchObject({ status: 409, body: '0\n' })
  })

  test('answers 422 to a proof that does not hold, and keeps what it knew', async () => {
    const w = await start()
    expect(await ask(w, w.log.request(0, 5, w.log.proof(3, 5)))).toBe(422) // there is nothing to prove from
    expect(w.told).toEqual([])
    await w.witness.addCheckpoint(w.log.request(0, 300))
    const proof = w.log.proof(300, 400)
    const wrong = [[], proof.slice(1), [...proof, proof[0]!], proof.with(0, new Uint8Array(32)), w.log.proof(299, 400)]
    for (const lie of wrong) expect(await ask(w, w.log.request(300, 400, lie))).toBe(422)
    expect(await ask(w, w.log.request(300, 400))).toBe(200)
  })

  test('answers 422 to a fork, with every proof that the forked log can make, and hands over both notes', async () => {
    const log = new TestLog()
    const w = await start({ logs: [log] })
    const fork = new TestLog(log.signer, 'b', 600, 250) // the same up to 250
    const { body } = await w.witness.addCheckpoint(log.request(0, 300))
    expect(await ask(w, fork.request(300, 300))).toBe(422)
    expect(await ask(w, fork.request(300, 500))).toBe(422)
    expect(w.told).toEqual([
      { origin: log.signer.origin, known: log.at(300).note + body, submitted: fork.at(300).note },
      { origin: log.signer.origin, known: log.at(300).note + body, submitted: fork.at(500).note },
    ])
  })

  test('keeps two logs apart, and takes either key of a log that has two', async () => {
    const [a, b] = [new TestLog(makeSigner('a.example')), new TestLog(makeSigner('b.example'))]
    const second = new TestLog(makeSigner('a.example'))
    const w = await start({ logs: [a, b, second] })
    expect(await ask(w, a.request(0, 500))).toBe(200)
    expect(await ask(w, b.request(0, 5))).toBe(200)
    expect(await ask(w, second.request(500, 600))).toBe(200)
  })

  test('cosigns one of many trees that are submitted at the same moment', async () => {
    const log = new TestLog()
    const w = await start({ logs: [log] })
    const sizes = Array.from({ length: 40 }, (_, i) => 1 + i * 10)
    const answers = await Promise.all(sizes.map((size) => w.witness.addCheckpoint(log.request(0, size))))
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
    expect(answers.filter(({ status }) => status === 409)).toHaveLength(39)
    const forks = Array.from({ length: 20 }, (_, i) => new TestLog(log.signer, `fork ${i}`, 100))
    const other = await start({ logs: [log] })
    const forked = await Promise.all(forks.map((fork) => ask(other, fork.request(0, 100))))
    expect(forked.filter((status) => status === 200)).toHaveLength(1)
  })

  test('answers 503 to a flood for one log, and goes on for the others', async () => {
    const [log, other] = [new TestLog(makeSigner('a.example')), new TestLog(makeSigner('b.example'))]
    const w = await start({ logs: [log, other] })
    const flood = Promise.all(Array.from({ length: 100 }, () => ask(w, log.request(0, 5))))
    expect(await ask(w, other.request(0, 5))).toBe(200)
    const answers = await flood
    expect(answers.filter((status) => status === 503)).toHaveLength(36)
    expect(await ask(w, log.request(5, 6))).toBe(200)
  })
})

describe('the memory of a witness', () => {
  test('outlives its process', async () => {
    const log = new TestLog()
    const first = await start({ logs: [log] })
    await first.witness.addCheckpoint(log.request(0, 300))
    first.state.close()
    const second = await start({ logs: [log], dir: first.dir, init: false })
    expect(await second.witness.addCheckpoint(log.request(0, 10))).toMatchObject({ status: 409, body: '300\n' })
    expect(await ask(second, new TestLog(log.signer, 'b').request(300, 300))).toBe(422)
    expect(await ask(second, log.request(300, 301))).toBe(200)
  })

  test('is on disk, whole, before a cosignature is given out', async () => {
    const w = await start()
    for (const [from, to] of [
      [0, 5],
      [5, 300],
    ] as const) {
      const { body } = await w.witness.addCheckpoint(w.log.request(from, to))
      const kept = readFileSync(join(w.dir, 'state', hashOf(w.log.signer.origin)), 'utf8')
      expect(kept).toBe(w.log.at(to).note + body)
    }
  })

  test('belongs to one process', async () => {
    const w = await start()
    await expect(start({ dir: w.dir, init: false })).rejects.toMatchObject({ code: 'TRAILPROOF_WITNESS_LOCKED' })
    w.state.close()
    await start({ dir: w.dir, init: false })
  })

  test('is never begun silently: not in an empty or missing folder, not twice, not for another key', async () => {
    const w = await start()
    w.state.close()
    const missing = { code: 'TRAILPROOF_WITNESS_STATE_MISSING' }
    const { vkey } = w.key
    const state = join(w.dir, 'state')
    await expect(WitnessState.open(join(w.dir, 'elsewhere'), vkey, false)).rejects.toMatchObject(missing)
    await expect(WitnessState.open(tempDir(), vkey, false)).rejects.toMatchObject(missing)
    await expect(WitnessState.open(state, vkey, true)).rejects.toMatchObject(missing)
    await expect(WitnessState.open(w.dir, vkey, true)).rejects.toMatchObject(missing) // other things stand there
    const other = generateWitnessKey(join(w.dir, 'other'), 'witness.example/2')
    await expect(WitnessState.open(state, other.vkey, false)).rejects.toMatchObject(missing)
  })

  test('that cannot be read stops the witness: it takes no known log for a new one', async () => {
    const w = await start()
    await w.witness.addCheckpoint(w.log.request(0, 300))
    w.state.close()
    const file = join(w.dir, 'state', hashOf(w.log.signer.origin))
    const good = readFileSync(file, 'utf8')
    const stranger = new TestLog(makeSigner('stranger.example'))
    for (const bad of ['', good.slice(0, 50), good.replace('300', '200'), stranger.at(3).note, '\ufffd\u0000']) {
      writeFileSync(file, bad)
      await expect(WitnessState.open(join(w.dir, 'state'), w.key.vkey, false)).rejects.toMatchObject({
        code: 'TRAILPROOF_WITNESS_STATE_CORRUPT',
        path: file,
      })
    }
    writeFileSync(file, good)
    const again = await start({ logs: [w.log], dir: w.dir, init: false })
    expect(await ask(again, w.log.request(300, 301))).toBe(200)
  })

  test('that is half written at a crash is the one before it', async () => {
    const w = await start()
    await w.witness.addCheckpoint(w.log.request(0, 300))
    w.state.close()
    writeFileSync(join(w.dir, 'state', `${hashOf(w.log.signer.origin)}.tmp`), 'half a no')
    const again = await start({ logs: [w.log], dir: w.dir, init: false })
    expect(await ask(again, w.log.request(300, 400))).toBe(200)
  })

  test('that cannot be written is a 500 without a cosignature, until a new start has seen what is on disk', async () => {
    const w = await start()
    await w.witness.addCheckpoint(w.log.request(0, 5))
    renameSync(join(w.dir, 'state'), join(w.dir, 'gone'))
    for (const [from, to] of [
      [5, 300],
      [5, 5],
    ] as const) {
      const { status, body } = await w.witness.addCheckpoint(w.log.request(from, to))
      expect({ status, signed: body.includes('\u2014') }).toEqual({ status: 500, signed: false })
    }
    renameSync(join(w.dir, 'gone'), join(w.dir, 'state'))
    expect(await ask(w, w.log.request(5, 300))).toBe(200) // nothing was written: the lock was seen to be gone before
    expect(w.troubles).toHaveLength(2)
  })

  test('is given up when a write fails half way', async () => {
    const w = await start()
    await w.witness.addCheckpoint(w.log.request(0, 5))
    const temporary = join(w.dir, 'state', `${hashOf(w.log.signer.origin)}.tmp`)
    mkdirSync(temporary) // opening it for writing fails
    expect(await ask(w, w.log.request(5, 300))).toBe(500)
    rmSync(temporary, { recursive: true })
    expect(await ask(w, w.log.request(5, 300))).toBe(500)
    expect(await ask(w, w.log.request(5, 5))).toBe(500)
    w.state.close()
    const again = await start({ logs: [w.log], dir: w.dir, init: false })
    expect(await ask(again, w.log.request(5, 300))).toBe(200)
  })
})

describe('the key of a witness', () => {
  test('is for its owner alone, and never overwritten', () => {
    const dir = join(tempDir(), 'key')
    const made = generateWitnessKey(dir, 'witness.example/1')
    expect(made.vkey).toMatch(/^witness\.example\/1\+[0-9a-f]{8}\+B/) // base64 of a byte 4
    expect(readFileSync(made.vkeyFile, 'utf8')).toBe(`${made.vkey}\n`)
    const key = readFileSync(made.files[0]!, 'utf8')
    expect(() => generateWitnessKey(dir, 'witness.example/1')).toThrow(
      expect.objectContaining({ code: 'TRAILPROOF_KEY_INVALID' }),
    )
    expect(readFileSync(made.files[0]!, 'utf8')).toBe(key)
    chmodSync(made.files[0]!, 0o640)
    expect(() => readWitnessKey(made.files[0]!)).toThrow(expect.objectContaining({ code: 'TRAILPROOF_KEY_UNSAFE' }))
  })

  test('has a name that fits into a signature line', () => {
    const dir = join(tempDir(), 'key')
    for (const name of ['', 'a b', 'a+b', 'a\nb'])
      expect(() => generateWitnessKey(dir, name)).toThrow(expect.objectContaining({ code: 'TRAILPROOF_KEY_INVALID' }))
    expect(existsSync(dir)).toBe(false)
  })

  test('is refused without quoting it when it is none', () => {
    const dir = tempDir()
    const secret = 'PRIVATE+KEY+witness.example+00000000+AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEB'
    writeFileSync(join(dir, 'k'), secret, { mode: 0o600 })
    expect(() => readWitnessKey(join(dir, 'k'))).toThrow(/is not the key of a witness/)
    expect(() => readWitnessKey(join(dir, 'k'))).not.toThrow(/AQEB/)
    expect(() => readWitnessKey(join(dir, 'none'))).toThrow(
      expect.objectContaining({ code: 'TRAILPROOF_KEY_UNREADABLE' }),
    )
    expect(readdirSync(dir)).toEqual(['k'])
  })
})
