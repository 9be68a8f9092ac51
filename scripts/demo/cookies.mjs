// A cookie jar for one site: takes raw Set-Cookie lines, gives a Cookie header. Values stay as they came, undecoded.

export class CookieJar {
  #cookies = new Map() // name -> { value, expires?: number (ms) }

  /** Takes what a response set. A cookie that is already over is a deletion (RFC 6265 5.3). */
  store(setCookieLines = []) {
    for (const line of setCookieLines) {
      const [pair, ...attributes] = line.split(';')
      const eq = pair.indexOf('=')
      if (eq < 1) continue
      const expires = expiry(attributes)
      const name = pair.slice(0, eq).trim()
      if (expires !== undefined && expires <= Date.now()) this.#cookies.delete(name)
      else this.#cookies.set(name, { value: pair.slice(eq + 1).trim(), expires })
    }
  }

  /** @returns {string | undefined} the header, or undefined when the jar is empty */
  header() {
    return [...this.#cookies].map(([name, { value }]) => `${name}=${value}`).join('; ') || undefined
  }

  get = (name) => this.#cookies.get(name)?.value
  set = (name, value) => this.#cookies.set(name, { value })
  delete = (name) => this.#cookies.delete(name)

  /** Whether the cookie outlives the browser window, as "remember me" asks. */
  isPersistent = (name) => this.#cookies.get(name)?.expires !== undefined

  values = () => [...this.#cookies.values()].map(({ value }) => value)
}

function expiry(attributes) {
  const of = (wanted) => attributes.map((a) => a.trim().split('=')).find(([key]) => key.toLowerCase() === wanted)?.[1]
  if (of('max-age') !== undefined) return Date.now() + Number(of('max-age')) * 1000
  if (of('expires') !== undefined) return Date.parse(of('expires'))
  return undefined
}
