// Every secret that the driver sent or was given, so that a test can search the log and the output for each of them.

const SECRET_FIELD = /^(password|token|access_token|refresh_token)$/
const SHORTEST_PART = 16 // a shorter piece of a cookie or token is a version or key id, and could stand anywhere

export class Secrets {
  #seen = new Set()

  list = () => [...this.#seen]

  /** Keeps the secret fields of a flat request or answer body. */
  addFields(body) {
    if (typeof body !== 'object' || body === null) return
    for (const [field, value] of Object.entries(body)) {
      if (!SECRET_FIELD.test(field) || typeof value !== 'string') continue
      if (field === 'password') this.#seen.add(value)
      else this.addToken(value)
    }
  }

  /** Keeps a token and its signature. Not its header, which all tokens of an algorithm share. */
  addToken(token) {
    this.#seen.add(token)
    this.#addLongParts(token.split('.').slice(1))
  }

  /** Keeps a cookie as sent, decoded, and in its parts: `s%3A<session id>.<signature>` holds a raw session id. */
  addCookie(value) {
    if (value === '') return
    const decoded = decodeURIComponent(value)
    this.#seen.add(value).add(decoded)
    this.#addLongParts(decoded.replace(/^s:/, '').split('.'))
  }

  #addLongParts(parts) {
    for (const part of parts) if (part.length >= SHORTEST_PART) this.#seen.add(part)
  }
}
