// Answers with and without the audit, made comparable: dates, ids and the device cookie aside, every byte must be equal.
// node sends headers in the order in which their names were set first, so where the device cookie is set, the
// application's own cookies stand further up: cookies are compared among themselves.
import type { Exchange } from './browser.js'

const JWT = /eyJ[\w-]+\.[\w-]+\.[\w-]*/g
const DEVICE = /^(__Host-)?tp_device=/

export function comparable(exchanges: readonly Exchange[]): unknown[] {
  return exchanges.map(({ asked, status, rawHeaders, body }) => {
    const headers: string[] = []
    const cookies: string[] = []
    const drawn = body.search(JWT) >= 0
    for (let i = 0; i < rawHeaders.length; i += 2) {
      const [name, value] = [rawHeaders[i]!, rawHeaders[i + 1]!]
      if (name.toLowerCase() === 'set-cookie' && DEVICE.test(value)) continue
      const list = name.toLowerCase() === 'set-cookie' ? cookies : headers
      list.push(`${name}: ${comparableHeader(name.toLowerCase(), value, drawn)}`)
    }
    return {
      asked,
      status,
      headers,
      cookies,
      body: body.replace(JWT, '<token>').replaceAll(/127\.0\.0\.1:\d+/g, '<host>'),
    }
  })
}

function comparableHeader(name: string, value: string, drawn: boolean): string {
  if (name === 'date') return '<date>'
  if (name === 'etag' && drawn) return '<etag>' // a hash of what was drawn by lot
  if (name === 'location')
    return value.replace(/127\.0\.0\.1(:|%3A)\d+/g, '<host>').replace(/state=[^&]+/, 'state=<id>')
  if (name !== 'set-cookie') return value
  return value.replace(/^([^=]+)=[^;]{16,}/, '$1=<id>').replace(/expires=(?!Thu, 01 Jan 1970)[^;]+/i, 'expires=<date>')
}
