// This request's own secrets, collected so that the guard can keep them out of the log. Held in memory only, for the
// length of the request.
import { quietly } from '../hook/wrap.js'
import type { AuditedRequest } from './context.js'
import { presentedCookies } from './headers.js'
import { isSecretField, secretFieldsOf } from './secret-fields.js'

const MOST = 64

export class RequestSecrets {
  readonly #req: AuditedRequest
  readonly #own = new Set<string>()
  #headers: Set<string> | undefined
  #body: object | undefined
  #bodyFields: number | undefined

  constructor(req: AuditedRequest) {
    this.#req = req
  }

  /** Tells the guard about a secret that a hook saw; at most 64 are kept, values under 4 characters are no use. */
  add(value: unknown): void {
    const text = typeof value === 'number' ? String(value) : value
    if (typeof text === 'string' && text.length >= 4 && this.#own.size < MOST) this.#own.add(text.slice(0, 8192))
  }

  /** True while the request carries a body that no parser has read: its secrets are not known then. */
  bodyUnread(): boolean {
    const { headers } = this.#req
    const carries = headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0
    return carries && quietly(() => this.#req.body) === undefined
  }

  /** Everything known now: what hooks told, credentials in headers and in the URL, secret fields of a parsed body. */
  values(): Iterable<string> {
    this.#headers ??= new Set([
      ...headerSecrets(this.#req),
      ...querySecrets((this.#req.originalUrl as string | undefined) ?? this.#req.url),
    ])
    this.#readBody(quietly(() => this.#req.body))
    return this.#own.size ? new Set([...this.#headers, ...this.#own]) : this.#headers
  }

  /** A body is read when it is there, and again when it is another one or has got fields. */
  #readBody(body: unknown): void {
    if (typeof body !== 'object' || body === null) return
    const fields = quietly(() => Object.keys(body).length)
    if (body === this.#body && fields === this.#bodyFields) return
    this.#body = body
    this.#bodyFields = fields
    quietly(() => {
      for (const value of secretFieldsOf(body)) this.add(value)
    })
  }
}

function* headerSecrets(req: AuditedRequest): Iterable<string> {
  for (const name of ['authorization', 'proxy-authorization', 'x-api-key', 'x-auth-token'] as const) {
    const value = req.headers[name]
    if (typeof value !== 'string') continue
    const credentials = value.slice(0, 8192).replace(/^\S+\s+(?=\S)/, '')
    if (credentials.length >= 4) yield credentials
    if (/^basic\s/i.test(value)) {
      const password = Buffer.from(credentials, 'base64').toString('utf8').split(':').slice(1).join(':')
      if (password.length >= 4) yield password
    }
  }
  for (const [, value] of presentedCookies(req.headers.cookie)) {
    const decoded = decodeQuietly(value)
    // Flags and words (theme=dark, from=/admin/users) are no secrets: who sends words must not blank them in records.
    if (value.length < 8 || /^[a-z_.:/ -]*$/i.test(decoded)) continue
    yield value
    if (decoded !== value) yield decoded
    const signed = /^s:([^.]{8,})\./.exec(decoded) // express-session: `s:<id>.<signature>`
    if (signed) yield signed[1]!
  }
}

/** `?token=…`: links in mails, and answers of OAuth providers. */
function* querySecrets(url: string | undefined): Iterable<string> {
  const at = url?.indexOf('?') ?? -1
  if (at < 0) return
  const query = new URLSearchParams(url!.slice(at + 1, at + 8192))
  let left = MOST
  for (const [name, value] of query) if (value.length >= 4 && isSecretField(name) && left-- > 0) yield value
}

function decodeQuietly(value: string): string {
  try {
    return decodeURIComponent(value)
  } catch {
    return value
  }
}
