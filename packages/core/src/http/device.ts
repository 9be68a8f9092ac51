// The device id: a random id in a signed cookie, so that records of one browser can be joined, and cannot be by a forger.
// Logged keyed; set only on the answer to a sign-in attempt, never on a cacheable one.
import { timingSafeEqual } from 'node:crypto'
import type { ServerResponse } from 'node:http'
import { type AnyFunction, inPlaceOf, quietly } from '../hook/wrap.js'
import { Hmac } from '../privacy/hmac.js'
import { randomBytes } from '../random.js'
import type { RequestContext } from './context.js'
import { presentedCookies } from './headers.js'

export interface Device {
  /** The random id, 24 characters base64url; never logged as it is. Absent when there is none. */
  id?: string
  /** `cookie`: presented and its signature holds. `issued`: made for this answer, since none or a bad one came. */
  source?: 'cookie' | 'issued'
  /** Why a presented cookie was not believed. */
  rejected?: 'malformed' | 'bad_signature' | 'expired'
}

export interface DeviceOptions {
  /** `auth` (default): at sign-in attempts. `off`: never. */
  mode: 'auth' | 'off'
  /** Cookie lifetime, days. */
  maxAgeDays: number
  /** For several hosts below one domain; gives up the `__Host-` prefix. */
  domain: string | undefined
}

const NAME = 'tp_device'
const HOST_NAME = `__Host-${NAME}`
const DAY = 86_400_000

/** Reads and issues device cookies under HMAC keys, newest first; older keys still verify. */
export class DeviceCookies {
  readonly #keys: readonly Hmac[]

  constructor(
    keys: readonly Uint8Array[],
    private readonly options: DeviceOptions,
    private readonly now: () => number,
  ) {
    this.#keys = keys.map((key) => new Hmac(key))
  }

  /**
   * The device of a request, as far as its cookies can be believed: one that is genuine counts, whatever others of the
   * name were planted beside it.
   *
   * @param secure over TLS only the `__Host-` cookie counts, which nobody can plant over plain http or from a subdomain
   */
  read(cookieHeader: string | undefined, secure = false): Device {
    const names = this.options.domain ? [NAME] : secure ? [HOST_NAME] : [HOST_NAME, NAME]
    const cookies = presentedCookies(cookieHeader)
    const read = names.flatMap((name) =>
      cookies.filter((cookie) => cookie[0] === name).map(([, value]) => this.#believe(value)),
    )
    return read.find((device) => device.id !== undefined) ?? read[0] ?? {}
  }

  #believe(value: string): Device {
    const [version, id, issued, mac, ...more] = value.split('.')
    if (
      version !== 'v1' ||
      !/^[\w-]{24}$/.test(id ?? '') ||
      !/^[0-9a-z]{1,9}$/.test(issued ?? '') ||
      !mac ||
      more.length
    )
      return { rejected: 'malformed' }
    const found = Buffer.from(mac, 'base64url')
    const genuine = this.#keys.some((key) => {
      const expected = Buffer.from(macOf(key, id!, issued!), 'base64url')
      return found.length === expected.length && timingSafeEqual(found, expected)
    })
    if (!genuine) return { rejected: 'bad_signature' }
    const age = this.now() - Number.parseInt(issued!, 36) * 1000
    if (age > this.options.maxAgeDays * DAY) return { rejected: 'expired' }
    return { id: id!, source: 'cookie' }
  }

  /** A new device id. */
  make(): string {
    return randomBytes(18).toString('base64url')
  }

  /**
   * Adds `Set-Cookie` for a new device to a response whose headers are not out.
   *
   * @param secure the client speaks TLS to us, or to a proxy that the framework trusts
   * @returns false where the cookie could not be set: headers sent, cacheable answer, or plain http off loopback
   */
  set(res: ServerResponse, id: string, secure: boolean, loopback: boolean): boolean {
    if (res.headersSent || isCacheable(res)) return false
    const { domain, maxAgeDays } = this.options
    if (!secure && !loopback) return false
    const name = secure && !domain ? HOST_NAME : NAME
    const issued = Math.floor(this.now() / 1000).toString(36)
    const value = `v1.${id}.${issued}.${macOf(this.#keys[0]!, id, issued)}`
    const attributes = [`Max-Age=${maxAgeDays * 86_400}`, 'Path=/', 'HttpOnly', 'SameSite=Lax']
    if (secure) attributes.push('Secure')
    if (domain) attributes.push(`Domain=${domain}`)
    const cookie = [`${name}=${value}`, ...attributes].join('; ')
    res.appendHeader('Set-Cookie', cookie)
    takeBackWhenCacheable(res, cookie)
    return true
  }
}

function macOf(key: Hmac, id: string, issued: string): string {
  return key.of(`device v1 ${id} ${issued}`, 'base64url')
}

/** What the application says about caches only after the sign-in attempt still counts: looked at when its headers are final. */
function takeBackWhenCacheable(res: ServerResponse, cookie: string): void {
  const before = Object.getOwnPropertyDescriptor(res, 'writeHead')
  const writeHead = res.writeHead as AnyFunction
  const wrapper = inPlaceOf(writeHead, (self, args) => {
    quietly(() => {
      if (!res.headersSent && isCacheable(res, args)) removeCookie(res, cookie)
      if (Object.getOwnPropertyDescriptor(res, 'writeHead')?.value !== wrapper) return // someone stands on top of it since
      if (before?.writable) res.writeHead = writeHead as ServerResponse['writeHead']
      else delete (res as Partial<ServerResponse>).writeHead
    })
    return writeHead.apply(self, args as unknown[])
  })
  // Libraries assign their own wrappers: over one of those an assignment changes nothing but the function.
  if (before?.writable) res.writeHead = wrapper as ServerResponse['writeHead']
  else if (!before) Object.defineProperty(res, 'writeHead', { value: wrapper, configurable: true, writable: true })
}

function removeCookie(res: ServerResponse, cookie: string): void {
  const left = [res.getHeader('set-cookie') ?? []].flat().filter((one) => one !== cookie) as string[]
  if (left.length) res.setHeader('Set-Cookie', left)
  else res.removeHeader('Set-Cookie')
}

/**
 * A cookie on an answer that a shared cache may keep would give one device id to many people.
 *
 * @param args of `writeHead`: headers may be among them, as an object or as a list of names and values
 */
function isCacheable(res: ServerResponse, args: ArrayLike<unknown> = []): boolean {
  const given = headersIn(args)
  const control = (given('cache-control') ?? String(res.getHeader('cache-control') ?? '')).toLowerCase()
  if (/\bpublic\b|\bs-maxage\b|\bimmutable\b/.test(control)) return true
  if (/\bprivate\b|\bno-store\b/.test(control)) return false
  // RFC 9111 4.2.1: max-age, else Expires.
  return control.includes('max-age')
    ? /\bmax-age=0*[1-9]/.test(control)
    : Date.parse(given('expires') ?? String(res.getHeader('expires') ?? '')) > Date.now()
}

function headersIn(args: ArrayLike<unknown>): (name: string) => string | undefined {
  const headers = Array.from(args).findLast((one) => typeof one === 'object' && one !== null)
  const pairs = Array.isArray(headers)
    ? Array.isArray(headers[0])
      ? (headers as [unknown, unknown][])
      : headers.flatMap((name, i) => (i % 2 ? [] : [[name, headers[i + 1]] as const]))
    : Object.entries(headers ?? {})
  return (name) => pairs.findLast(([one]) => String(one).toLowerCase() === name)?.[1]?.toString()
}

/**
 * Settles which device a request comes from, once; at a sign-in attempt a new one gets its cookie.
 *
 * @param issue this is a sign-in attempt, so a device without a cookie is given one
 */
export function settleDevice(context: RequestContext, cookies: DeviceCookies, issue: boolean): void {
  const { req, res, address } = context
  const secure = quietly(() => req.secure === true || 'encrypted' in req.socket) ?? false
  const device = context.device ?? cookies.read(req.headers.cookie, secure)
  context.device = device
  if (!issue || device.id !== undefined) return
  const id = cookies.make()
  const loopback = address.peer === '::1' || (address.peer?.startsWith('127.') ?? false)
  if (cookies.set(res, id, secure, loopback)) context.device = { ...device, id, source: 'issued' }
}
