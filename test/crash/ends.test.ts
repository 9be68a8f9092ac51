// How processes and threads end under load, by themselves and by others.
import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { CORE } from './build.js'
import type { Application } from './process.js'
import { type ProvenLog, prove } from './prove.js'
import { useScene } from './scene.js'

const scene = useScene()

describe('a process that ends under load', () => {
  for (const [how, steps, ended] of [
    ['by process.exit()', ['exit'], 0],
    ['by an error that nobody caught', ['throw'], 1],
    ['by a rejection that nobody caught', ['reject'], 1],
    ['by SIGTERM', ['kill SIGTERM'], 'SIGTERM'],
    ['by SIGINT', ['kill SIGINT'], 'SIGINT'],
  ] as const)
    it(`${how}: everything that was queued is durable and signed`, async () => {
      const application = scene().start()
      await application.ready()
      application.tell('load 100')
      await application.more(500)
      const before = application.acknowledged.length
      application.tell('burst 500', ...steps)
      expect(await application.ended).toBe(ended)
      const proof = await prove(scene())
      expect(proof.before.logs[0]!.unsigned).toBe(0)
      const [{ records, opened }] = proof.logs as [ProvenLog]
      const stopped = records.findIndex(({ event }) => event === 'audit.stopped')
      const orders = records.slice(0, stopped).filter(({ event }) => event === 'shop.ordered')
      expect(orders.length).toBeGreaterThanOrEqual(before + 500)
      expect(opened.recovered).toBeUndefined()
    }, 120_000)

  for (const [how, step, ended] of [
    ['by process.abort()', 'abort', 'SIGABRT'],
    ['by a segmentation fault', 'kill SIGSEGV', 'SIGSEGV'],
  ] as const)
    it(`${how}: everything that was acknowledged is there`, async () => {
      const application = scene().start()
      application.tell('load 100')
      await application.more(500)
      application.tell('burst 500', step)
      expect(await application.ended).toBe(ended)
      const { logs } = await prove(scene())
      expect(logs[0]!.records.length).toBeGreaterThan(500)
    }, 120_000)

  it('by process.exit() before its log was opened: what was recorded is durable and signed', async () => {
    const application = scene().start()
    application.tell('burst 500', 'exit')
    expect(await application.ended).toBe(0)
    const { logs, before } = await prove(scene())
    expect(before.logs[0]!.unsigned).toBe(0)
    const [log] = logs
    expect(log!.records.slice(0, -1).filter(({ event }) => event === 'shop.ordered').length).toBeGreaterThanOrEqual(500)
  }, 120_000)
})

describe('a blocked event loop', () => {
  it('for 2 s, with records pending: none is lost, none is refused, and the log goes on', async () => {
    const application = scene().start()
    const { origin } = await application.ready()
    const ownThread = ((await application.do('threads')) as number) > 0
    let blocked = true
    const unblocked = application.do('burst 300', 'turn', 'busy 2000').then(() => (blocked = false))
    const log = join(scene().dir, origin.split('/').at(-1)!)
    let durable = false
    while (blocked && !durable) {
      await new Promise((resolve) => setTimeout(resolve, 20))
      durable = blocked && ordersIn(log) === 300
    }
    // A log in a thread of its own does not wait for the application.
    if (ownThread) expect(durable).toBe(true)
    await unblocked
    await application.when(() => application.acknowledged.length === 300, 'all records are acknowledged')
    await application.do('record 10')
    expect(application.refused).toEqual([])
    expect(await application.health()).toMatchObject({ status: 'green', dropped: 0 })
    await application.kill()
    const { logs } = await prove(scene())
    expect(logs[0]!.records.filter(({ event }) => event === 'shop.ordered').length).toBe(311)
  }, 120_000)

  function ordersIn(log: string): number {
    return readdirSync(join(log, 'seg')).reduce(
      (sum, name) => sum + readFileSync(join(log, 'seg', name), 'utf8').split('"event":"shop.ordered"').length - 1,
      0,
    )
  }
})

describe('an audit in a worker thread of the application', () => {
  it('that is terminated under load: what was acknowledged is there, and the next thread takes the slot over', async () => {
    const application = scene().start({}, { program: 'thread.mjs' })
    await inThread(application)
    application.tell('load 50')
    await application.more(300)
    application.child.stdin!.write('terminate\n')
    await application.whenSaid('thread gone')
    await inThread(application)
    expect(new Set(application.opened.map(({ origin }) => origin)).size).toBe(1)
    await application.do('record 100')
    await application.kill()
    expect((await prove(scene())).logs.map(({ name }) => name)).toEqual(['shop-0'])
  }, 120_000)

  it('that ends itself with process.exit(): everything that was queued is durable and signed', async () => {
    const application = scene().start({}, { program: 'thread.mjs' })
    await inThread(application)
    application.tell('burst 500', 'exit')
    await application.whenSaid('thread gone')
    await application.kill()
    const { logs, before } = await prove(scene())
    expect(before.logs[0]!.unsigned).toBe(0)
    expect(logs[0]!.records.filter(({ event }) => event === 'shop.ordered').length).toBe(501)
  }, 120_000)

  async function inThread(application: Application): Promise<void> {
    const logs = application.opened.length + 1
    application.child.stdin!.write('start\n')
    await application.ready(logs)
  }
})

describe('an audit that was closed', () => {
  it('has given its slot back: the next one in this process goes on with the same log', () => {
    // No mark beside the keys: writing it would take longer than the log's thread takes to end.
    const program = `
      const { createAudit, fileWriter, memoryKeys } = await import(${JSON.stringify(CORE)})
      const keys = memoryKeys()
      for (let life = 0; life < 40; life++) {
        const audit = createAudit({ service: 'shop', writer: fileWriter(${JSON.stringify(scene().dir)}), keys, upkeep: false })
        console.log((await audit.ready).origin)
        await audit.close()
      }`
    const said = execFileSync(process.execPath, ['--input-type=module', '-e', program], { encoding: 'utf8' })
    const origins = said.trim().split('\n')
    expect([origins.length, new Set(origins).size]).toEqual([40, 1])
  }, 120_000)
})

describe('a cluster of 4 workers', () => {
  it('restarted one after the other under load keeps to 4 logs, and loses nothing', async () => {
    const application = scene().start({}, { program: 'cluster.mjs' })
    await application.ready(4)
    application.tell('load 20')
    await application.more(200)
    application.child.stdin!.write('restart\n')
    await application.whenSaid('restarted')
    await application.ready(8)
    application.tell('load 20')
    await application.more(200)
    await application.kill()
    const { logs } = await prove(scene())
    expect(logs.map(({ name }) => name)).toEqual(['shop-0', 'shop-1', 'shop-2', 'shop-3'])
    // Each of them was begun once, gone on with by its successor, and by who proves it: by process, so that a log which a
    // process has begun twice (its thread was lost) is told from a slot that was given to the wrong one.
    const starts = logs.map(({ records }) => records.filter(({ event }) => event === 'audit.started'))
    const begun = starts.map((some) => some.map(({ data, service }) => `${data!['pid']} ${service.instance}`))
    expect(new Set(begun.flat()).size, `begun twice: ${JSON.stringify(begun)}`).toBe(begun.flat().length)
    expect(
      begun.map((some) => some.length),
      JSON.stringify(begun),
    ).toEqual([3, 3, 3, 3])
  }, 120_000)
})
