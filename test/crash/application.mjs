// A small application that is audited, in a process or thread of its own, on the build and through the public API alone.
// It is told what to do on stdin, line by line, and says on stdout what it was told:
//
//   ack K ID ORIGIN INDEX HASH   record K is durable      late K MS        nothing is known of record K after MS
//   refused K CODE MS            record K was refused     opened JSON      what the log was, when it was opened
//   answer N JSON                command line N is done   failed JSON      the audit could not be made or opened
//
// Usage: node application.mjs JSON, with dir, keys, core and cli (files of the build), and what `Given` in process.ts names.
import { randomUUID } from 'node:crypto'
import { closeSync, openSync, writeSync } from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { join } from 'node:path'
import threads from 'node:worker_threads'

const given = JSON.parse(process.argv[2])
const dateNow = Date.now
let clockOffset = 0
if (given.clock === 'Date') Date.now = () => dateNow() + clockOffset
const injected = given.clock === 'option' && { clock: { now: () => dateNow() + clockOffset } }

let begun = 0 // threads that core has begun: whether its log runs in one
threads.Worker = class extends threads.Worker {
  constructor(...options) {
    super(...options)
    begun++
  }
}
syncBuiltinESMExports()

const { createAudit, fileWriter } = await import(given.core)
const audits = []
let made = 0
let underLoad = false
let eaten = []

/** Whole lines, at once, also while the reader is slow and the pipe is full. */
function say(...words) {
  const text = Buffer.from(`${words.join(' ')}\n`)
  for (let at = 0; at < text.length; ) {
    try {
      at += writeSync(1, text, at)
    } catch (error) {
      if (error.code !== 'EAGAIN') throw error
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1)
    }
  }
}

/** With `root`, in another root folder beside `dir`. The records of one instance are numbered from 1 without a gap: `n`. */
function open(root) {
  const audit = createAudit({
    service: { name: 'shop', instance: randomUUID() },
    writer: fileWriter(root === undefined ? given.dir : join(given.dir, '..', root), given.writer),
    keys: { dir: given.keys },
    policy: [{ events: '*', waitAtMostMs: 60_000, ...given.policy }],
    limits: { queueRecords: 1_000_000, queueBytes: 256 * 2 ** 20 },
    heartbeatEveryMs: 0,
    ...injected,
  })
  audits.push(audit)
  audit.ready.then(
    ({ damaged, ...opened }) => say('opened', JSON.stringify({ ...opened, damaged: damaged?.code })),
    failed,
  )
}

function failed({ code, message }) {
  say('failed', JSON.stringify({ code, message }))
}

/** @returns whether it got a receipt */
async function record(wait = given.wait, audit = audits[0]) {
  const k = made++
  const begun = performance.now()
  const event = { event: 'shop.ordered', data: { k, text: 'lorem ipsum '.repeat(k % 50) } }
  const options = wait && { wait: wait === 'durable' && k % 50 === 49 ? 'checkpointed' : wait }
  try {
    const { id, origin, index, leafHash } = await audit.record(event, options)
    if (leafHash === undefined) say('late', k, Math.round(performance.now() - begun))
    else say('ack', k, id, origin, index, leafHash)
    return leafHash !== undefined
  } catch ({ code }) {
    say('refused', k, code, Math.round(performance.now() - begun))
  }
}

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms))

/** Keeps so many records on their way, each as soon as the one before is answered. */
function load(lanes) {
  underLoad = true
  for (let lane = 0; lane < lanes; lane++) void one()
  async function one() {
    while (underLoad) {
      if (!(await record())) await pause(5) // else a disk that fails would be met by a flood
    }
  }
}

const commands = {
  open,
  load,
  quiet: () => {
    underLoad = false
  },
  record: (count) => Promise.all(Array.from({ length: count }, () => record())),
  /** Does not wait for the answers. */
  burst: (count) => void commands.record(count),
  made: () => made,
  health: () => audits[0].health(),
  flush: () => audits[0].flush(),
  close: () => Promise.all(audits.splice(0).map((audit) => audit.close())),
  /** One record into each audit, under a synced checkpoint. */
  each: () => Promise.all(audits.map((audit) => record('checkpointed', audit))),
  clock: (ms) => {
    clockOffset += ms
  },
  threads: () => begun,
  /** Lets what was recorded before be taken up. */
  turn: () => new Promise((resolve) => setImmediate(resolve)),
  /** Blocks the event loop. */
  busy: (ms) => {
    for (const end = performance.now() + ms; performance.now() < end; );
  },
  /** Takes every descriptor that is left. */
  eat: () => {
    try {
      for (;;) eaten.push(openSync('/dev/null', 'r'))
    } catch (error) {
      return error.code
    }
  },
  disgorge: () => {
    for (const fd of eaten) closeSync(fd)
    eaten = []
  },
  exit: () => process.exit(0),
  throw: () => {
    setImmediate(() => {
      throw new Error('as planned')
    })
  },
  reject: () => void Promise.reject(new Error('as planned')),
  abort: () => process.abort(),
  kill: (signal) => void process.kill(process.pid, signal),
}

/** Commands of one line follow each other in one turn, as far as they do not wait. */
async function obey(line) {
  const [number, ...steps] = line.split(';')
  let answer
  try {
    for (const step of steps) {
      const [name, argument] = step.split(' ')
      const result = commands[name](Number.isNaN(Number(argument)) ? argument : Number(argument))
      answer = result instanceof Promise ? await result.then(() => undefined) : result
    }
  } catch (error) {
    answer = { code: error.code ?? error.message }
  }
  say('answer', number, JSON.stringify(answer ?? null))
}

try {
  open()
} catch (error) {
  failed(error)
}
let text = ''
process.stdin.setEncoding('utf8')
process.stdin.on('data', (chunk) => {
  const lines = (text + chunk).split('\n')
  text = lines.pop()
  for (const line of lines) void obey(line)
})
process.stdin.on('end', () => process.kill(process.pid, 'SIGKILL')) // whoever started us is gone
