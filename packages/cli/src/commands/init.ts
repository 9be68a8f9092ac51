// `trailproof init`: proposes the lines that make an existing application audited, and writes them when told to.
import { existsSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline/promises'
import { generateKeys } from '@trailproof/core'
import { createTwoFilesPatch } from 'diff'
import type { Change, Plan } from '../init/change.js'
import { planFor } from '../init/plan.js'
import { readProject } from '../init/project.js'
import { print, printJson } from '../output.js'

export interface InitOptions {
  /** Preload it instead of editing it. */
  auto?: boolean
  yes?: boolean
  json?: boolean
}

const CHECKLIST = `
Before production:
  [ ] keys: put TRAILPROOF_ROOT_KEY and TRAILPROOF_SIGNING_KEY, or a folder made by \`npx trailproof keygen\`, where secrets are kept;
      all instances share them, and with NODE_ENV=production none are made silently
  [ ] the log folder lies on a disk that outlives the container: \`npx trailproof doctor ./audit\` says what it is
  [ ] behind a proxy: say how many there are ('trust proxy', maxIpsCount), or every address is the proxy's
  [ ] the public key (.trailproof/signing.pub) is kept by whoever verifies, away from this machine; checkpoints go to an anchor
  [ ] decide per event what happens when the log cannot be written: continue (default) or refuse
  [ ] \`await audit.ready\` before you listen, \`await audit.close()\` when you stop
  [ ] after the first sign-ins: \`npx trailproof doctor ./audit\` names what is not hooked
`

export async function init(folder: string, { auto = false, yes = false, json }: InitOptions): Promise<number> {
  const root = resolve(folder)
  const project = readProject(root)
  const ours = [...project.dependencies].filter(
    (name) => name.startsWith('@trailproof/') && name !== '@trailproof/testkit',
  )
  const users = project.sources.filter(({ text }) => /['"]@trailproof\//.test(text)).map(({ path }) => path)
  if (users.length > 0) {
    const message = `${users.slice(0, 3).join(', ')} has lines of Trailproof already: nothing is proposed`
    if (json) await printJson({ changes: [], message, installed: ours })
    else await print(`${message}\n\`npx trailproof doctor ./audit\` says what is hooked and what is not.\n`)
    return 0
  }
  const plan = planFor(project, auto)
  if (!json)
    await print(`${plan.changes.map(asDiff).join('\n')}\n${plan.notes.map((note) => `note: ${note}\n`).join('')}`)
  const write = yes || (!json && (await agrees()))
  const keys = write ? writeAll(root, plan) : undefined
  if (json) await printJson({ ...plan, written: write, keys })
  else await print(write ? done(plan, keys) : 'Nothing was written. To write it: npx trailproof init --yes\n')
  return 0
}

function asDiff({ path, before, after }: Change): string {
  const [from, to] = [before === undefined ? '/dev/null' : `a/${path}`, `b/${path}`]
  return createTwoFilesPatch(from, to, before ?? '', after, undefined, undefined, { context: 2 }).replace(/^=+\n/, '')
}

async function agrees(): Promise<boolean> {
  if (!process.stdin.isTTY || !process.stdout.isTTY) return false
  const terminal = createInterface({ input: process.stdin, output: process.stdout })
  const answer = await terminal.question('Write this? [y/N] ')
  terminal.close()
  return /^y(es)?$/i.test(answer.trim())
}

/** @returns where keys for development were made; undefined where there were some */
function writeAll(root: string, { changes }: Plan): string | undefined {
  for (const { path, before, after } of changes)
    writeFileSync(join(root, path), after, before === undefined ? { flag: 'wx' } : {})
  const keys = join(root, '.trailproof')
  if (existsSync(keys)) return undefined
  generateKeys(keys)
  return keys
}

function done({ changes, packages }: Plan, keys: string | undefined): string {
  return [
    `wrote ${changes.map(({ path }) => path).join(', ')}`,
    ...(keys ? [`made keys for development in ${keys}`] : []),
    '',
    'Now install what it needs:',
    `  npm install ${packages.join(' ')}`,
    '  npm install --save-dev trailproof',
    CHECKLIST,
  ].join('\n')
}
