// One sign-in through passport and express-session, over HTTP, with the audit and without: bytes and CPU.
import { once } from 'node:events'
import { readdirSync, rmSync, statSync } from 'node:fs'
import { Agent, request } from 'node:http'
import { join } from 'node:path'
import express from 'express'
import session from 'express-session'
import passport from 'passport'
import { Strategy as LocalStrategy } from 'passport-local'
import { createAudit, fileWriter, memoryKeys } from '../packages/core/dist/esm/index.js'
import { auditExpress } from '../packages/express/dist/esm/index.js'
import { auditPassport } from '../packages/passport/dist/esm/index.js'
import { auditSession } from '../packages/sessions/dist/esm/index.js'
import { median } from './median.mjs'

const AGENT = 'Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0'

export async function signInCost(dir, { signIns }) {
  const micros = { off: [], control: [], on: [] }
  let lineBytes = 0
  let diskBytes = 0
  for (let round = 0; round < 6; round++)
    for (const variant of ['off', 'control', 'on']) {
      const audit = variant === 'on' ? await openAudit(dir) : undefined
      const perSignIn = await drive(app(audit), signIns)
      await audit?.close()
      if (round > 0) micros[variant].push(perSignIn)
      if (audit) {
        lineBytes = sizeOf(join(dir, 'bench-0', 'seg')) / signIns
        diskBytes = (sizeOf(join(dir, 'bench-0')) - 65_536) / signIns // the ballast is not for records
        rmSync(dir, { recursive: true, force: true })
      }
    }
  const off = median(micros.off)
  return { lineBytes, diskBytes, addedMicros: median(micros.on) - off, controlMicros: median(micros.control) - off }
}

async function openAudit(dir) {
  const audit = createAudit({ service: 'bench', writer: fileWriter(dir), keys: memoryKeys(), heartbeatEveryMs: 0 })
  await audit.ready
  return audit
}

function app(audit) {
  const server = express()
  const own = new passport.Passport()
  own.use(new LocalStrategy((name, _password, done) => done(null, { id: name })))
  own.serializeUser((user, done) => done(null, user.id))
  own.deserializeUser((id, done) => done(null, { id }))
  const make = audit ? auditSession(audit, session) : session
  if (audit) {
    server.use(auditExpress(audit))
    auditPassport(audit, own)
  }
  server.use(make({ secret: 'bench only', resave: false, saveUninitialized: false }), express.json(), own.session())
  server.post('/login', own.authenticate('local'), (_req, res) => res.json({}))
  return server
}

/** Process CPU of one sign-in, client included, microseconds. */
async function drive(server, signIns) {
  const listening = server.listen(0, '127.0.0.1')
  await once(listening, 'listening')
  const { port } = listening.address()
  const agent = new Agent({ keepAlive: true, maxSockets: 16 })
  const cpu = process.cpuUsage()
  let next = 0
  const worker = async () => {
    for (let i = next++; i < signIns; i = next++)
      await post(port, agent, { username: `user-${i % 200}`, password: 'bench' })
  }
  await Promise.all(Array.from({ length: 16 }, worker))
  const used = process.cpuUsage(cpu)
  agent.destroy()
  listening.close()
  return (used.user + used.system) / signIns
}

function post(port, agent, body) {
  return new Promise((resolve, reject) => {
    const text = JSON.stringify(body)
    const headers = { 'content-type': 'application/json', 'content-length': text.length, 'user-agent': AGENT }
    request({ port, host: '127.0.0.1', method: 'POST', path: '/login', agent, headers }, (res) => {
      if (res.statusCode !== 200) reject(new Error(`status ${res.statusCode}`))
      res.resume().on('end', resolve)
    })
      .on('error', reject)
      .end(text)
  })
}

function sizeOf(path) {
  return readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0)
}
