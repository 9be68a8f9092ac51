// `trailproof witness`: cosigns the checkpoints of other people's logs until it is stopped.

import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type Contradiction, readWitnessKey, Witness, WitnessState, witnessServer } from '@trailproof/anchors'
import { parseKeys, TrailproofError } from '@trailproof/core'
import { readPolicy } from '@trailproof/core/adapter'
import { keyFileOrText } from '../key-option.js'
import { print, printError, printJson } from '../output.js'
import { safe } from '../terminal.js'

export interface WitnessCommand {
  state: string
  key: string
  log: string[]
  policy?: string
  host: string
  port: number
  init?: boolean
  json?: boolean
}

export async function witness({ state, key, log, policy, host, port, init, json }: WitnessCommand): Promise<number> {
  const stop = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort())
  const { name, vkey, signer } = readWitnessKey(key)
  const logs = logsOf(log, policy)
  const memory = await WitnessState.open(state, vkey, init === true)
  try {
    const server = witnessServer(
      new Witness({
        signer: signer(() => Math.floor(Date.now() / 1000)),
        logs,
        state: memory,
        onContradiction: (found) => tellContradiction(found, json),
        onTrouble: (error) => printError(`the state cannot be written: ${safe((error as Error).message)}\n`),
      }),
    )
    await listen(server, host, port)
    const url = urlOf(server)
    if (json) await printJson({ url, name, vkey, logs: logs.length })
    else
      await print(`witness ${safe(name)} for ${logs.length} ${logs.length === 1 ? 'log' : 'logs'} at ${url}\n${vkey}\n`)
    await stopped(server, stop.signal)
  } finally {
    memory.close()
  }
  return 0
}

async function listen(server: Server, host: string, port: number): Promise<void> {
  server.listen(port, host)
  try {
    await once(server, 'listening')
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code
    throw new TrailproofError('TRAILPROOF_OPTION_INVALID', `cannot listen on ${safe(host)}, port ${port}: ${code}`, {
      hint: 'choose others with --host and --port',
      cause,
    })
  }
}

function logsOf(given: readonly string[], policy: string | undefined): string[] {
  const lines = given.flatMap((text) => keyFileOrText(text).split(/\r?\n/))
  const vkeys = lines.map((line) => line.trim()).filter((line) => line !== '' && !line.startsWith('#'))
  // Also a bare key is a key, but it does not say which log it is of.
  for (const vkey of vkeys)
    if (parseKeys(vkey).some(({ origin }) => origin === undefined))
      throw new TrailproofError('TRAILPROOF_KEY_INVALID', 'a witness needs the vkey of a log, which names it', {
        hint: 'name+id+key, as in the file log.vkey',
      })
  if (policy !== undefined) vkeys.push(...readPolicy(readFileSync(policy, 'utf8')).logs.map(({ vkey }) => vkey))
  if (vkeys.length > 0) return [...new Set(vkeys)]
  throw new TrailproofError('TRAILPROOF_OPTION_INVALID', 'there is no log to witness', {
    hint: 'name the vkey of each with --log, or a policy that names them with --policy',
  })
}

// Both notes together prove that the log's key has signed two histories: whoever runs the witness should keep them.
function tellContradiction({ origin, known, submitted }: Contradiction, json: boolean | undefined): void {
  if (json) void printJson({ contradiction: { origin, known, submitted } })
  else
    printError(
      `refused a checkpoint of ${safe(origin)} that contradicts what was cosigned:\n${lines(known)}${lines(submitted)}`,
    )
}

const lines = (note: string) =>
  note
    .trimEnd()
    .split('\n')
    .map((line) => `  ${safe(line)}\n`)
    .join('')

function urlOf(server: Server): string {
  const { address, port, family } = server.address() as AddressInfo
  return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`
}

async function stopped(server: Server, signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await once(signal, 'abort')
  server.close()
  server.closeIdleConnections()
  setTimeout(() => server.closeAllConnections(), 5000).unref()
  await once(server, 'close')
}
