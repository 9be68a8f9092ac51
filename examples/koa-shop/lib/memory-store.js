// Sessions in memory, as koa-session asks for them.

export class MemoryStore {
  #sessions = new Map()

  async get(id) {
    const text = this.#sessions.get(id)
    return text === undefined ? undefined : JSON.parse(text)
  }

  async set(id, session) {
    this.#sessions.set(id, JSON.stringify(session))
  }

  async destroy(id) {
    this.#sessions.delete(id)
  }
}
