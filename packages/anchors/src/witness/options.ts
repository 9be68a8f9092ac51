// Options of the witness anchors: checked once, with a hint.
import { nearest, readPolicy } from '@trailproof/core/adapter'
import { FormatError, type Policy } from '@trailproof/tlog'
import { invalid, isAnchorName } from '../failure.js'
import { plainUrl } from '../url.js'
import { WitnessClient, type WitnessPlace } from './client.js'

/** A witness gets less than the 15 s that core gives an anchor, so that one that hangs leaves room for the others. */
const DEFAULT_TIMEOUT_MS = 5000

export interface WitnessAnchorOptions {
  /** What this witness is called here: `[a-z0-9-]+`. */
  name: string
  /** Its public key as its operator hands it out: `name+id+key` of type 4 (cosignature/v1). */
  vkey: string
  /** Its submission prefix, http or https: `<url>/add-checkpoint`. */
  url: string
  /** Its monitoring prefix. Default: `url`. */
  monitoringUrl?: string | undefined
  /** For each question. Default 5000. */
  timeoutMs?: number | undefined
}

export interface WitnessesAnchorOptions {
  /** The text of a C2SP tlog-policy file; its witnesses with a URL are asked. */
  policy: string
  /** Names the files. Default `witnesses`. */
  name?: string | undefined
  /** For each question to each witness. Default 5000. */
  timeoutMs?: number | undefined
}

/** @throws TRAILPROOF_OPTION_INVALID naming the option */
export function clientOf(options: WitnessAnchorOptions): WitnessClient {
  checkNames('witnessAnchor', options, ['name', 'vkey', 'url', 'monitoringUrl', 'timeoutMs'])
  checkName(options.name)
  return makeClient(options, options)
}

/** @throws TRAILPROOF_OPTION_INVALID, TRAILPROOF_POLICY_INVALID */
export function policyOf(options: WitnessesAnchorOptions): { name: string; policy: Policy; clients: WitnessClient[] } {
  checkNames('witnessesAnchor', options, ['policy', 'name', 'timeoutMs'])
  const { name = 'witnesses', timeoutMs } = options
  checkName(name)
  if (typeof options.policy !== 'string') throw invalid('option "policy" must be the text of a policy file')
  const policy = readPolicy(options.policy)
  const clients = policy.witnesses.flatMap(({ name, vkey, url }) =>
    url === undefined ? [] : [makeClient({ name, vkey, url }, { timeoutMs })],
  )
  if (clients.length === 0) throw invalid('option "policy": none of its witnesses has a URL')
  return { name, policy, clients }
}

function makeClient(
  { name, vkey, url, monitoringUrl = url }: Omit<WitnessAnchorOptions, 'timeoutMs'>,
  { timeoutMs = DEFAULT_TIMEOUT_MS }: { timeoutMs?: number | undefined },
): WitnessClient {
  if (!Number.isSafeInteger(timeoutMs) || timeoutMs < 1 || timeoutMs > 2 ** 31 - 1)
    throw invalid('option "timeoutMs" must be a number of milliseconds')
  const place: WitnessPlace = {
    name,
    vkey,
    timeoutMs,
    url: prefix(name, url),
    monitoringUrl: prefix(name, monitoringUrl),
  }
  try {
    return new WitnessClient(place)
  } catch (cause) {
    if (!(cause instanceof FormatError)) throw cause
    throw invalid(`the key of the witness "${name}" cannot be used: ${cause.message}`, 'a vkey of type 4: name+id+key')
  }
}

function prefix(name: string, url: string): string {
  const plain = plainUrl(url)
  if (plain !== undefined) return plain
  throw invalid(`the URL of the witness "${name}" must be http or https, without credentials, query or fragment`)
}

function checkNames(what: string, options: object, names: string[]): void {
  if (typeof options !== 'object' || options === null) throw invalid(`${what} needs options`)
  for (const name of Object.keys(options))
    if (!names.includes(name)) throw invalid(`unknown option "${name}" of ${what}`, nearest(name, names, 'options'))
}

function checkName(name: unknown): void {
  if (!isAnchorName(name)) throw invalid('option "name" must be 1 to 64 characters of [a-z0-9-]: it names files')
}
