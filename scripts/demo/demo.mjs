// The demo, told in order: a shop starts, people and an attacker visit it over HTTP, the records are shown, the log is
// verified, one byte of a copy is altered, and verify names the record.
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { findSecrets, readRecords } from './evidence.mjs'
import { alterOneByte, verify } from './proof.mjs'
import { runScenario } from './scenario.mjs'
import { legend, renderTable } from './table.mjs'
import { createPeople, createWorld, randomPassword } from './world.mjs'

/** Where each shop has its `app.js` and `audit.js`. */
const SHOPS = { express: 'express-shop', koa: 'koa-shop', nest: 'nest-shop/dist' }
const FRAMEWORKS = Object.keys(SHOPS)

const USAGE = `Usage: npm run demo -- [--once] [--dir DIR] [--port PORT] [--framework ${FRAMEWORKS.join('|')}]

  --once       end after the proof (exit 0 when everything held, else 1)
  --dir DIR    keep the logs in DIR (DIR/shop-0/seg/…, keys in DIR/.trailproof); default: a temporary folder, removed
  --port PORT  where the shop listens on 127.0.0.1; default: a free port
  --framework  what the shop is made with; default: express`

const SIGNALS = ['SIGINT', 'SIGTERM']

export async function demo(argv) {
  const options = readOptions(argv)
  if (typeof options === 'number') return options
  const dir = options.dir === undefined ? mkdtempSync(join(tmpdir(), 'trailproof-demo-')) : resolve(options.dir)
  const forget = () => options.dir === undefined && rmSync(dir, { recursive: true, force: true })
  // Stopped before its end, the demo leaves no more behind than at its end.
  const stopped = () => {
    forget()
    process.exit(130)
  }
  for (const signal of SIGNALS) process.on(signal, stopped)
  try {
    return await play(dir, options, () => {
      for (const signal of SIGNALS) process.removeListener(signal, stopped)
    })
  } catch (error) {
    console.error(`\nThe demo could not go on: ${error.code ? `${error.code}: ` : ''}${error.message}`)
    return 2
  } finally {
    forget()
  }
}

async function play(dir, { once: onlyOnce, port, framework }, letGoOfSignals) {
  const example = `../../examples/${SHOPS[framework]}`
  const { createShop } = await import(`${example}/app.js`)
  const { attachAudit, createShopAudit } = await import(`${example}/audit.js`)
  const people = createPeople()
  const visitor = { email: 'you@shop.example', role: 'admin', password: randomPassword() }
  const audit = createShopAudit({ dir, keysDir: join(dir, '.trailproof') })
  const { origin } = await audit.ready
  const key = join(dir, '.trailproof', 'signing.pub')
  const shop = await createShop({ users: [...Object.values(people), visitor], audit, attach: attachAudit })
  const server = shop.app.listen(port, '127.0.0.1')
  await once(server, 'listening') // rejects when the port is taken
  const url = `http://127.0.0.1:${server.address().port}`
  heading(`The shop serves on ${url}; its log is ${origin}`)

  const world = createWorld({ people, tokenKey: shop.tokenKey })
  await runScenario(url, world, {
    onStep: ({ name, statuses }) => console.log(`  ${name.padEnd(60)} ${shorten(statuses)}`),
  })
  await audit.flush()
  if (onlyOnce) await stop(server, audit)

  const records = readRecords(dir, origin)
  heading(`What the log holds (${records.length} records)`)
  console.log(renderTable(records, { columns: Math.max(100, process.stdout.columns ?? 120) }))
  console.log(`\n${legend}`)
  const found = findSecrets(dir, [...world.secretsSeen(), ...Object.values(people).map((p) => p.password)])
  heading(
    `Secrets: ${found.searched} passwords, tokens, cookies and session ids searched for in ${found.files} files: ${found.hits.length} found`,
  )
  for (const { file } of found.hits) console.log(`  LEAK in ${file}`)

  heading('The proof')
  const intact = verify(dir, key)
  const altered = alterOneByte(dir, origin, records)
  const caught = verify(altered.dir, key, {
    shownAs: `a copy, one byte altered in the record with seq ${altered.seq}`,
  })
  const named = caught.report?.logs.some((log) => log.problems.some((p) => p.index === altered.seq)) ?? false
  rmSync(altered.dir, { recursive: true, force: true })
  const good = intact.exitCode === 0 && caught.exitCode === 1 && named && found.hits.length === 0
  console.log(
    good
      ? '\nIntact log: accepted. Altered copy: rejected, and the record named. No secret in the log.'
      : '\nTHE PROOF DID NOT HOLD.',
  )
  if (onlyOnce) return good ? 0 : 1
  letGoOfSignals()
  return await serve(server, audit, { url, dir, visitor })
}

/** Keeps the shop open until somebody stops it. */
async function serve(server, audit, { url, dir, visitor }) {
  heading(`The shop keeps serving: ${url}`)
  console.log(`  sign in as   ${visitor.email}  with  ${visitor.password}`)
  console.log(`  follow it    npx trailproof tail ${dir} -f`)
  console.log(`  verify it    npx trailproof verify ${dir} --key ${join(dir, '.trailproof', 'signing.pub')}`)
  console.log('  stop it      Ctrl-C')
  await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')])
  await stop(server, audit)
  return 0
}

async function stop(server, audit) {
  server.close()
  server.closeAllConnections()
  await audit.close()
}

function readOptions(argv) {
  try {
    const { values } = parseArgs({
      args: argv,
      options: {
        once: { type: 'boolean' },
        dir: { type: 'string' },
        port: { type: 'string' },
        framework: { type: 'string', default: 'express' },
        help: { type: 'boolean' },
      },
    })
    const port = Number(values.port ?? 0)
    if (values.help) {
      console.log(USAGE)
      return 0
    }
    if (values.dir === '') console.error(`--dir must be a folder\n\n${USAGE}`)
    else if (!Number.isInteger(port) || port < 0 || port > 65_535)
      console.error(`--port must be a port number\n\n${USAGE}`)
    else if (!FRAMEWORKS.includes(values.framework))
      console.error(`--framework must be one of ${FRAMEWORKS.join(', ')}\n\n${USAGE}`)
    else return { once: values.once ?? false, dir: values.dir, port, framework: values.framework }
  } catch (error) {
    console.error(`${error.message}\n\n${USAGE}`)
  }
  return 2
}

function heading(text) {
  console.log(`\n── ${text}\n`)
}

function shorten(statuses) {
  const runs = []
  for (const status of statuses) {
    const last = runs.at(-1)
    if (last?.status === status) last.n++
    else runs.push({ status, n: 1 })
  }
  return runs.map(({ status, n }) => (n > 1 ? `${status}×${n}` : `${status}`)).join(' ')
}
