// What to record and where: `trailproof.config.*` in the folder the application is started in, and the environment, which wins.
import { readFileSync } from 'node:fs'
import { basename, resolve } from 'node:path'
import { type AuditOptions, fileWriter, type Identity, TrailproofError } from '@trailproof/core'
import { asServiceName, nearest } from '@trailproof/core/adapter'
import type { AuditExpressOptions } from '@trailproof/express'
import type { JwtHookOptions } from '@trailproof/jwt'
import type { AuditKoaOptions } from '@trailproof/koa'
import type { PassportHookOptions } from '@trailproof/passport'
import type { SessionAuditOptions } from '@trailproof/sessions'

/** Options of each hook; `false` leaves its library alone. */
export interface AutoHooks {
  express?: AuditExpressOptions | false
  koa?: AuditKoaOptions | false
  nestjs?: false
  passport?: PassportHookOptions | false
  jwt?: JwtHookOptions | false
  session?: SessionAuditOptions | false
}

/** Options of `createAudit`, all optional here, of which two may be given as text. */
export interface AutoConfig extends Omit<AuditOptions, 'service' | 'writer' | 'identify'> {
  /** Default: the name in `package.json`, else `app`. */
  service?: AuditOptions['service']
  /** A folder, or a writer. Default `./audit`. */
  writer?: AuditOptions['writer'] | string
  /** Which member of a user object is its id, such as `_id`; or a function. Default `id`. */
  identify?: AuditOptions['identify'] | string
  hooks?: AutoHooks
}

/** The same, complete. */
export interface Configured {
  options: AuditOptions
  hooks: AutoHooks
}

const HOOKS = ['express', 'koa', 'nestjs', 'passport', 'jwt', 'session']

/** Text of the environment, where it stands in the configuration, and what it may be. */
const FROM_ENVIRONMENT: Record<string, (config: AutoConfig, text: string) => AutoConfig> = {
  TRAILPROOF_SERVICE: (config, text) => ({
    ...config,
    service: typeof config.service === 'object' ? { ...config.service, name: text } : text,
  }),
  TRAILPROOF_FOLDER: (config, writer) => ({ ...config, writer }),
  TRAILPROOF_KEYS: (config, dir) => ({ ...config, keys: { ...config.keys, dir } }),
  TRAILPROOF_IDENTIFY: (config, identify) => ({ ...config, identify }),
  TRAILPROOF_DEVICE: (config, mode) => ({ ...config, device: mode as 'auth' | 'off' }),
  TRAILPROOF_RETENTION_DAYS: (config, days) => ({ ...config, retention: { days: Number(days) } }),
}

/**
 * @param loaded what the configuration file exports; undefined where there is none
 * @param from the folder the application is started in
 * @throws TRAILPROOF_OPTION_INVALID naming the option
 */
export function configure(loaded: unknown, from: string, env: NodeJS.ProcessEnv): Configured {
  if (loaded !== undefined && (typeof loaded !== 'object' || loaded === null || Array.isArray(loaded)))
    throw invalid('the configuration must be an object', "export default { service: 'shop' }")
  let config = { ...loaded } as AutoConfig
  for (const [name, put] of Object.entries(FROM_ENVIRONMENT)) {
    const text = env[name]
    if (text) config = put(config, text)
  }
  const { service = nameOfPackage(from), writer = './audit', identify, hooks = {}, ...rest } = config
  return {
    options: {
      ...rest,
      service,
      writer: typeof writer === 'string' ? fileWriter(resolve(from, writer)) : writer,
      ...(identify !== undefined && { identify: typeof identify === 'string' ? byMember(identify) : identify }),
      keys: { ...rest.keys, dir: resolve(from, rest.keys?.dir ?? '.trailproof') },
    },
    hooks: checkHooks(hooks),
  }
}

function checkHooks(hooks: AutoHooks): AutoHooks {
  if (typeof hooks !== 'object' || hooks === null) throw invalid('option "hooks" must be an object')
  for (const [name, given] of Object.entries(hooks)) {
    if (!HOOKS.includes(name)) throw invalid(`unknown option "hooks.${name}"`, nearest(name, HOOKS, 'hooks'))
    if (given !== false && (typeof given !== 'object' || given === null))
      throw invalid(`option "hooks.${name}" must be an object of options, or false`)
  }
  return hooks
}

function byMember(name: string): (user: never) => Identity | undefined {
  return (user: unknown) => {
    const id = typeof user === 'object' ? (user as Record<string, unknown> | null)?.[name] : user
    // Ids of databases are objects with a text of their own (ObjectId); a plain object has none.
    const text = typeof id === 'object' ? (id?.toString === Object.prototype.toString ? '' : String(id ?? '')) : id
    return text === undefined || text === '' ? undefined : { id: String(text) }
  }
}

/** `@acme/Shop API` is the service `acme-shop-api`. */
function nameOfPackage(from: string): string {
  let name: unknown
  try {
    name = (JSON.parse(readFileSync(resolve(from, 'package.json'), 'utf8')) as { name?: unknown }).name
  } catch {
    name = basename(from)
  }
  return asServiceName(String(name ?? ''))
}

function invalid(message: string, hint?: string): TrailproofError {
  return new TrailproofError('TRAILPROOF_OPTION_INVALID', message, hint ? { hint } : {})
}
