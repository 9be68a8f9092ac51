// Options of `createAudit`: checked once, at construction, with a hint.
import type { Anchor } from './anchor/anchor.js'
import { TrailproofError } from './errors.js'
import type { Identity } from './event/event.js'
import type { Clock } from './event/time.js'
import { systemTimers, type Timers } from './log/timers.js'
import { nearest } from './near.js'
import { checkPolicy, type PolicyRule } from './policy/policy.js'
import type { KeyStore } from './privacy/key-store.js'
import type { KeyOptions } from './privacy/keys.js'
import { DEFAULT_SIGNER_OPTIONS, isSigner, type SignerOptions } from './privacy/signer.js'
import type { Writer } from './writers/writer.js'

export interface AuditOptions {
  /** Name of the service, `[a-z0-9][a-z0-9._-]*`, at most 64 characters; names its log folders. */
  service: string | { name: string; version?: string; instance?: string }
  /** Where the log is kept: `fileWriter('./audit')`, `memoryWriter()`. */
  writer: Writer
  /** First match by event name wins; what no rule names follows the defaults (docs/policy.md). */
  policy?: readonly PolicyRule[]
  /** Who a library's user object is. Default: its `id`. */
  identify?: (user: never) => Identity | null | undefined
  /** Where keys and salts are. Default: environment, else the folder `.trailproof`. */
  keys?: KeyOptions & { store?: KeyStore }
  /** Device cookie: `auth` (default) sets it on answers to sign-in attempts, `off` never. */
  device?: 'auth' | 'off' | { mode?: 'auth' | 'off'; maxAgeDays?: number; domain?: string }
  limits?: {
    /** Records that wait for the disk, bytes. Default 16 MiB. */
    queueBytes?: number
    /** The same, records. Default 50,000. */
    queueRecords?: number
    /** Bytes of one response that may be held. Default 1 MiB. */
    gateBytes?: number
  }
  /**
   * Removes records older than `days` in the background, once a day, as whole segments and under a signed record
   * (docs/retention.md). Default: nothing is ever removed.
   */
  retention?: { days: number }
  /** Milliseconds between heartbeat records. Default 60,000; 0 for none. */
  heartbeatEveryMs?: number
  /** Where newest checkpoints go, so that a rollback or a rewriting shows (docs/anchors.md). Default: none. */
  anchors?: readonly Anchor[]
  /** Milliseconds between two checkpoints for one anchor; those in between are skipped. Default 60,000. */
  anchorEveryMs?: number
  /** Milliseconds that an anchor may fail before health turns red. Default 300,000. */
  anchorRedAfterMs?: number
  /**
   * Daily verification of the own log, and a weekly look at where it is kept, in the background. Default true; only logs in
   * a folder have it.
   */
  upkeep?: boolean
  /** For tests. */
  clock?: Clock
  /** For tests: what runs later (roll-ups, overrides, daily checks), not the log itself. */
  timers?: Timers
}

const KNOWN = [
  'service',
  'writer',
  'policy',
  'identify',
  'keys',
  'device',
  'limits',
  'retention',
  'heartbeatEveryMs',
  'anchors',
  'anchorEveryMs',
  'anchorRedAfterMs',
  'upkeep',
  'clock',
  'timers',
] as const

/** The same options, complete. */
export interface Settings {
  service: { name: string; version?: string; instance?: string }
  writer: Writer
  policy: readonly PolicyRule[]
  identify: (user: unknown) => Identity | null | undefined
  keys: KeyOptions & { store?: KeyStore }
  device: { mode: 'auth' | 'off'; maxAgeDays: number; domain: string | undefined }
  limits: { queueBytes: number; queueRecords: number; gateBytes: number }
  retention: { days: number } | undefined
  heartbeatEveryMs: number
  anchors: readonly Anchor[]
  anchorEveryMs: number
  anchorRedAfterMs: number
  upkeep: boolean
  clock: Clock | undefined
  timers: Timers
}

/** @throws TRAILPROOF_OPTION_INVALID naming the option, what was expected, and what was probably meant */
export function checkOptions(options: AuditOptions): Settings {
  object(options, 'options')
  known(options, KNOWN, '')
  const policy = options.policy ?? []
  checkPolicy(policy)
  const keys = object(options.keys ?? {}, 'keys')
  known(keys, ['dir', 'store', 'root', 'signing', 'previousSigning', ...Object.keys(DEFAULT_SIGNER_OPTIONS)], 'keys.')
  checkSigner(keys)
  if (keys.dir !== undefined && (typeof keys.dir !== 'string' || keys.dir === ''))
    throw invalid('option "keys.dir" must be a folder name')
  const limits = object(options.limits ?? {}, 'limits')
  known(limits, ['queueBytes', 'queueRecords', 'gateBytes'], 'limits.')
  if (
    keys.store !== undefined &&
    !(['accountSalt', 'dayKey'] as const).every((name) => typeof keys.store?.[name] === 'function')
  )
    throw invalid('option "keys.store" must be a key store', 'store: fileKeyStore(dir)')
  if (options.upkeep !== undefined && typeof options.upkeep !== 'boolean')
    throw invalid(`option "upkeep" must be true or false; found ${show(options.upkeep)}`)
  if (options.clock !== undefined && typeof options.clock?.now !== 'function')
    throw invalid(`option "clock" must have now(); found ${show(options.clock)}`)
  if (options.identify !== undefined && typeof options.identify !== 'function')
    throw invalid('option "identify" must be a function', 'identify: (user) => ({ id: user.id })')
  return {
    service: checkService(options.service),
    writer: checkWriter(options.writer),
    policy,
    identify: (options.identify as Settings['identify'] | undefined) ?? defaultIdentity,
    keys: options.keys ?? {},
    device: checkDevice(options.device ?? 'auth'),
    limits: {
      queueBytes: count(limits.queueBytes ?? 16 * 2 ** 20, 'limits.queueBytes', 65_536, 2 ** 30),
      queueRecords: count(limits.queueRecords ?? 50_000, 'limits.queueRecords', 1, 10_000_000),
      gateBytes: count(limits.gateBytes ?? 2 ** 20, 'limits.gateBytes', 0, 2 ** 30),
    },
    retention: checkRetention(options.retention, options.writer),
    heartbeatEveryMs: count(options.heartbeatEveryMs ?? 60_000, 'heartbeatEveryMs', 0, 86_400_000),
    anchors: checkAnchors(options.anchors ?? [], options.writer),
    anchorEveryMs: count(options.anchorEveryMs ?? 60_000, 'anchorEveryMs', 100, 86_400_000),
    anchorRedAfterMs: count(options.anchorRedAfterMs ?? 300_000, 'anchorRedAfterMs', 0, 86_400_000),
    upkeep: options.upkeep ?? true,
    clock: options.clock,
    timers: checkTimers(options.timers ?? systemTimers),
  }
}

/** Limits of a key in another place; they say nothing about a key at hand. */
function checkSigner(keys: KeyOptions): void {
  const limits = { ...DEFAULT_SIGNER_OPTIONS, ...keys }
  const given = Object.keys(DEFAULT_SIGNER_OPTIONS).find((name) => keys[name as keyof SignerOptions] !== undefined)
  if (given && !isSigner(keys.signing) && !isSigner(keys.previousSigning))
    throw invalid(`option "keys.${given}" is for a Signer`, 'give it as keys.signing: { publicKey, sign }')
  count(limits.signEveryMs ?? 60_000, 'keys.signEveryMs', 1000, 3_600_000)
  count(limits.signTimeoutMs ?? 3000, 'keys.signTimeoutMs', 100, 30_000)
  count(limits.maxUnsignedMs ?? 900_000, 'keys.maxUnsignedMs', 2 * (limits.signEveryMs ?? 60_000), 86_400_000)
  count(limits.maxUnsignedRecords ?? 100_000, 'keys.maxUnsignedRecords', 1000, 10_000_000)
}

/** A name that the option `service` accepts, made of another one: of a package, or of a folder. */
export function asServiceName(name: string): string {
  const plain = name
    .toLowerCase()
    .replaceAll(/[^a-z0-9._-]+/g, '-')
    .replace(/^[^a-z0-9]+/, '')
    .slice(0, 64)
  return plain || 'app'
}

function checkService(service: AuditOptions['service']): Settings['service'] {
  const { name, ...rest } =
    typeof service === 'object' && service !== null
      ? object(service, 'service')
      : { name: service as unknown as string }
  known(rest, ['version', 'instance'], 'service.')
  for (const [key, value] of Object.entries(rest))
    if (value !== undefined && !(typeof value === 'string' && value.length <= 128))
      throw invalid(`option "service.${key}" must be a string of at most 128 characters; found ${show(value)}`)
  if (typeof name !== 'string' || !/^[a-z0-9][a-z0-9._-]{0,63}$/.test(name))
    throw invalid(
      `option "service" must be a name such as "shop": lower-case letters, digits, ".", "_", "-"; found ${show(name)}`,
    )
  const { version, instance } = rest as { version?: string; instance?: string }
  return { name, ...(version !== undefined && { version }), ...(instance !== undefined && { instance }) }
}

function checkWriter(writer: unknown): Writer {
  if (typeof (writer as Writer | undefined)?.lease === 'function') return writer as Writer
  throw invalid(`option "writer" must be a writer; found ${show(writer)}`, "writer: fileWriter('./audit')")
}

function checkAnchors(anchors: unknown, writer: Writer): readonly Anchor[] {
  const hint = "anchors: [folderAnchor('/mnt/elsewhere')]"
  if (!Array.isArray(anchors)) throw invalid(`option "anchors" must be a list of anchors; found ${show(anchors)}`, hint)
  for (const [i, anchor] of (anchors as Anchor[]).entries()) {
    if (typeof anchor?.publish !== 'function' || typeof anchor.kind !== 'string')
      throw invalid(`option "anchors[${i}]" must be an anchor; found ${show(anchor)}`, hint)
    if (typeof anchor.name !== 'string' || !/^[a-z0-9-]{1,64}$/.test(anchor.name) || anchor.name === 'high-water')
      throw invalid(
        `the name of "anchors[${i}]" must be of lower-case letters, digits and "-"; found ${show(anchor.name)}`,
      )
    if (anchors.findIndex(({ name }: Anchor) => name === anchor.name) !== i)
      throw invalid(`two anchors are named "${anchor.name}": each needs a name of its own`)
  }
  if (anchors.length > 0 && writer.evidence === undefined)
    throw invalid(`option "anchors" needs a writer whose logs can be anchored; found one of kind ${show(writer.kind)}`)
  return anchors
}

function checkTimers(timers: Timers): Timers {
  if (typeof timers?.now === 'function' && typeof timers.after === 'function') return timers
  throw invalid(`option "timers" must have now() and after(); found ${show(timers)}`)
}

function checkDevice(device: NonNullable<AuditOptions['device']>): Settings['device'] {
  const given = typeof device === 'string' ? { mode: device } : object(device, 'device')
  known(given, ['mode', 'maxAgeDays', 'domain'], 'device.')
  const { mode = 'auth', maxAgeDays = 180, domain } = given as Exclude<AuditOptions['device'], string | undefined>
  if (mode !== 'auth' && mode !== 'off') throw invalid(`option "device" must be "auth" or "off"; found ${show(mode)}`)
  if (domain !== undefined && !(typeof domain === 'string' && /^\.?[a-z0-9-]+(\.[a-z0-9-]+)+$/i.test(domain)))
    throw invalid('option "device.domain" must be a domain name')
  return { mode, maxAgeDays: count(maxAgeDays, 'device.maxAgeDays', 1, 400), domain }
}

function checkRetention(retention: AuditOptions['retention'], writer: Writer): Settings['retention'] {
  if (retention === undefined) return undefined
  known(object(retention, 'retention'), ['days'], 'retention.')
  if (typeof writer.retain !== 'function') throw invalid(`option "retention" needs a writer that can remove records`)
  return { days: count(retention.days, 'retention.days', 1, 36_500) }
}

/** The `id` of a user object; an id by itself is one too. */
function defaultIdentity(user: unknown): Identity | undefined {
  const id = typeof user === 'object' ? (user as { id?: unknown } | null)?.id : user
  return typeof id === 'string' || typeof id === 'number' || typeof id === 'bigint' ? { id: String(id) } : undefined
}

function object<T>(value: T, name: string): T {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value
  throw invalid(`option "${name}" must be an object; found ${show(value)}`)
}

function count(value: unknown, name: string, min: number, max: number): number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max) return value
  throw invalid(`option "${name}" must be a whole number from ${min} to ${max}; found ${show(value)}`)
}

/** Refuses unknown names, and says which known one was probably meant. */
export function known(given: object, names: readonly string[], prefix: string): void {
  for (const name of Object.keys(given))
    if (!names.includes(name))
      throw invalid(`unknown option "${prefix}${name}"`, nearest(name, names, 'options', prefix))
}

function show(value: unknown): string {
  return typeof value === 'string'
    ? JSON.stringify(value.slice(0, 40))
    : value === null
      ? 'null'
      : Array.isArray(value)
        ? 'a list'
        : typeof value
}

function invalid(message: string, hint?: string): TrailproofError {
  return new TrailproofError('TRAILPROOF_OPTION_INVALID', message, hint ? { hint } : {})
}
