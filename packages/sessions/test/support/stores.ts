// Session stores as they come in the wild: by callback, by callback and promise, by promise alone, failing, or calling themselves.
import session from 'express-session'

// biome-ignore lint/suspicious/noExplicitAny: the signatures of express-session's types differ by operation
type Callback = (error?: any, value?: any) => void
// Its declared callbacks are wider than what stores are given.
const Base = session.Store as unknown as new () => session.Store

type Kept = Map<string, string>

/** Answers late, by callback and by promise. Class methods, as most stores on npm have today. */
export class AsyncStore extends Base {
  readonly kept: Kept = new Map()

  override async get(id: string, callback: Callback): Promise<void> {
    await soon()
    const found = alive(this.kept, id)
    callback(null, found)
  }

  override async set(id: string, data: unknown, callback?: Callback): Promise<void> {
    await soon()
    this.kept.set(id, JSON.stringify(data))
    callback?.()
  }

  override async destroy(id: string, callback?: Callback): Promise<void> {
    await soon()
    this.kept.delete(id)
    callback?.()
  }

  override async touch(id: string, data: { cookie: unknown }, callback?: () => void): Promise<void> {
    await soon()
    const found = this.kept.get(id)
    if (found) this.kept.set(id, JSON.stringify({ ...JSON.parse(found), cookie: data.cookie }))
    callback?.()
  }
}

/** Has no `touch`, prunes what has expired when asked for it, and says ENOENT for what is not there: as file stores do. */
export class FileLikeStore extends Base {
  readonly kept: Kept = new Map()

  override get(id: string, callback: Callback): void {
    setImmediate(() => {
      const text = this.kept.get(id)
      if (text && !alive(this.kept, id)) this.destroy(id, () => callback(null, null))
      else if (text) callback(null, JSON.parse(text))
      else callback(Object.assign(new Error('no such file'), { code: 'ENOENT' }))
    })
  }

  override set(id: string, data: unknown, callback?: Callback): void {
    this.kept.set(id, JSON.stringify(data))
    if (callback) setImmediate(callback)
  }

  override destroy(id: string, callback?: Callback): void {
    this.kept.delete(id)
    if (callback) setImmediate(callback)
  }
}
// session.Store's prototype has no touch, so FileLikeStore has none either.

/** A MemoryStore that counts what it is told to keep. */
export class CountingStore extends session.MemoryStore {
  writes = 0

  override set(id: string, data: never, callback: never): void {
    this.writes++
    super.set(id, data, callback)
  }
}

/** A MemoryStore whose operations fail on demand, by callback. */
export class FailingStore extends CountingStore {
  failing: Record<string, Error | undefined> = {}

  override get(id: string, callback: never): void {
    this.#or('get', callback, () => super.get(id, callback))
  }
  override set(id: string, data: never, callback: never): void {
    this.#or('set', callback, () => super.set(id, data, callback))
  }
  override destroy(id: string, callback: never): void {
    this.#or('destroy', callback, () => super.destroy(id, callback))
  }
  override touch(id: string, data: never, callback: never): void {
    this.#or('touch', callback, () => super.touch(id, data, callback))
  }

  #or(operation: string, callback: Callback | undefined, work: () => void): void {
    const error = this.failing[operation]
    if (error) setImmediate(() => callback?.(error))
    else work()
  }
}

function alive(kept: Kept, id: string): unknown {
  const text = kept.get(id)
  if (!text) return undefined
  const data = JSON.parse(text) as { cookie?: { expires?: string | null } }
  const expires = data.cookie?.expires
  if (expires && new Date(expires).getTime() <= Date.now()) return undefined
  return data
}

function soon(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
