// A client of the contract: a cookie jar and node:http, nothing else, so that every byte of an answer is seen.
import { type ClientRequest, request } from 'node:http'

/** Made of words that everybody's agent has, so that it is shown as it is whether or not the body is read by then. */
export const AGENT = 'Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101 Firefox/140.0'

export interface Answer {
  status: number
  /** Name and value in turn, as they came. */
  rawHeaders: string[]
  body: string
}

export interface Ask {
  /** Sent as JSON. */
  body?: Record<string, unknown>
  headers?: Record<string, string>
}

/** What was asked and answered, for comparing an audited application with one that is not. */
export interface Exchange extends Answer {
  asked: string
}

export class Browser {
  readonly cookies = new Map<string, string>()

  /**
   * @param next gives the id of a request, as a proxy would; records are told apart by it
   * @param told hears every exchange
   */
  constructor(
    private readonly url: string,
    private readonly next: () => string,
    private readonly told: (exchange: Exchange) => void,
  ) {}

  /** @throws the answer has another status than this */
  async get(path: string, status: number, ask: Ask = {}): Promise<Record<string, unknown>> {
    return this.#ask('GET', path, status, ask)
  }

  async post(path: string, body: Record<string, unknown>, status: number, ask: Ask = {}) {
    return this.#ask('POST', path, status, { ...ask, body })
  }

  /** Follows nothing: where an answer sends the browser. */
  async redirected(path: string): Promise<string> {
    const answer = await this.#exchange('GET', path, {})
    if (answer.status !== 302) throw new Error(`GET ${path} answered ${answer.status}, not 302`)
    return headerOf(answer, 'location')!
  }

  /** Sends a request, and goes away without waiting for the answer once `leave` resolves. */
  async abandon(path: string, body: Record<string, unknown>, leave: Promise<void>): Promise<void> {
    const req = this.#send('POST', path, { body }, this.next())
    req.on('error', () => {})
    await leave
    req.destroy()
  }

  /** Carries the cookies of another one: a thief's, or a second tab's. */
  copyOf(other: Browser): this {
    for (const [name, value] of other.cookies) this.cookies.set(name, value)
    return this
  }

  /** Carries the session of another one: its cookie, and the signature where a library keeps it in a cookie beside it. */
  withSessionOf(other: Browser): this {
    for (const [name, value] of other.cookies) if (/^sid(\.|$)/.test(name)) this.cookies.set(name, value)
    return this
  }

  async #ask(method: string, path: string, status: number, ask: Ask): Promise<Record<string, unknown>> {
    const answer = await this.#exchange(method, path, ask)
    if (answer.status !== status)
      throw new Error(`${method} ${path} answered ${answer.status}, not ${status}: ${answer.body.slice(0, 300)}`)
    try {
      return JSON.parse(answer.body) as Record<string, unknown>
    } catch {
      return {}
    }
  }

  #exchange(method: string, path: string, ask: Ask): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const req = this.#send(method, path, ask, this.next())
      req.on('error', reject)
      req.on('response', (res) => {
        let body = ''
        res.setEncoding('utf8').on('data', (part: string) => (body += part))
        res.on('error', reject)
        res.on('end', () => {
          for (const line of res.headers['set-cookie'] ?? []) this.#keep(line)
          const answer = { status: res.statusCode!, rawHeaders: res.rawHeaders, body }
          this.told({ asked: `${method} ${path.split('?')[0]}`, ...answer })
          resolve(answer)
        })
      })
    })
  }

  #send(method: string, path: string, { body, headers }: Ask, id: string): ClientRequest {
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const text = body === undefined ? '' : JSON.stringify(body)
    const req = request(this.url + path, {
      method,
      agent: false,
      headers: {
        'user-agent': AGENT,
        'x-request-id': id,
        ...(cookie && { cookie }),
        ...(body && { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(text)) }),
        ...headers,
      },
    })
    req.end(text)
    return req
  }

  #keep(line: string): void {
    const [pair = ''] = line.split(';')
    const [name = '', ...value] = pair.split('=')
    const gone = /;\s*(expires=Thu, 01 Jan 1970|max-age=0)/i.test(line) || value.join('=') === ''
    if (gone) this.cookies.delete(name)
    else this.cookies.set(name, value.join('='))
  }
}

export function headerOf({ rawHeaders }: Answer, name: string): string | undefined {
  for (let i = 0; i < rawHeaders.length; i += 2) if (rawHeaders[i]!.toLowerCase() === name) return rawHeaders[i + 1]
  return undefined
}
