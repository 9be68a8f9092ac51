// What happens before the first line of the application: its configuration is read, and the loaders are told what to hook.
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { isMainThread } from 'node:worker_threads'
import { type Audit, createAudit, TrailproofError } from '@trailproof/core'
import { onAuditMade, setCore } from '@trailproof/core/adapter'
import { type AutoHooks, type Configured, configure } from './config.js'
import { type Entry, findConfig, loadConfig, unreadable } from './config-file.js'
import { tellHealth } from './health.js'
import { type Attaching, LIBRARIES } from './libraries.js'
import { onLoad } from './loader.js'
import { PendingCore } from './pending.js'
import { say, UNAUDITED } from './say.js'

const STARTED = Symbol.for('trailproof.auto')

/**
 * Hooks whatever the application is going to load. Never throws: what cannot be done is said on stderr in one line, and
 * the application runs without an audit.
 *
 * Does nothing in worker threads (ours among them), where it was done already in any form, and where `TRAILPROOF_AUTO` is `off`.
 */
export function start(entry: Entry, env: NodeJS.ProcessEnv = process.env, from = process.cwd()): void | Promise<void> {
  if (!isMainThread || env['TRAILPROOF_AUTO'] === 'off' || STARTED in globalThis) return
  Object.defineProperty(globalThis, STARTED, { value: true })
  const file = findConfig(from, env['TRAILPROOF_CONFIG'])
  const failed = (error: unknown) => say(unreadable(file ?? '', error), UNAUDITED)
  const loadedWith = (loaded: unknown) => {
    try {
      hookAll(configure(loaded, from, env), entry.here)
    } catch (error) {
      say(error, UNAUDITED)
    }
  }
  try {
    const loaded = file && loadConfig(file, entry)
    if (loaded instanceof Promise) return loaded.then(loadedWith, failed)
    loadedWith(loaded)
  } catch (error) {
    failed(error)
  }
}

function hookAll({ options, hooks }: Configured, here: string): void {
  let making = false
  const pending = new PendingCore(() => {
    making = true
    try {
      const audit = createAudit(options)
      tellHealth(audit)
      return audit
    } catch (error) {
      say(error, UNAUDITED)
      return undefined
    } finally {
      making = false
    }
  })
  const audit = {} as Audit
  setCore(audit, pending)
  const stop = onAuditMade(() => {
    if (making) return
    stop()
    pending
      .end()
      ?.close()
      .catch(() => {})
    say(
      new TrailproofError('TRAILPROOF_STEPPED_BACK', 'the application makes its own audit'),
      '@trailproof/auto has taken its hooks out',
    )
  })
  watch({ audit, begin: () => pending.begin(), hooks, here })
}

function watch(attaching: Attaching): void {
  const { hooks, begin, here } = attaching
  const names = Object.keys(LIBRARIES).filter((name) => hooks[LIBRARIES[name]!.hook] !== false)
  let frameworks = 0
  const busy = new Set<string>() // our own adapters load libraries too
  onLoad(here, names, (name, exports) => {
    const library = LIBRARIES[name]
    if (!library || busy.has(name)) return undefined
    if (library.framework) frameworks++
    // When the modules of the application have been evaluated; a process that loads none of these makes no log.
    setImmediate(begin)
    busy.add(name)
    try {
      return library.attach(exports, attaching)
    } catch (error) {
      say(error, `${name} is not hooked`)
      return undefined
    } finally {
      busy.delete(name)
    }
  })
  tellNothingHooked(hooks, () => frameworks > 0)
}

/** A bundle has its libraries inside, where no loader sees them. */
function tellNothingHooked(hooks: AutoHooks, hooked: () => boolean): void {
  if (hooks.express === false && hooks.koa === false && hooks.nestjs === false) return
  const channel = 'http.server.request.start'
  subscribe(channel, function first() {
    unsubscribe(channel, first)
    if (hooked()) return
    const known = Object.keys(LIBRARIES).filter((name) => LIBRARIES[name]!.framework)
    const message = `a request is served, and none of ${known.join(', ')} was loaded through Node's loader`
    say(new TrailproofError('TRAILPROOF_NOTHING_HOOKED', message), 'if they are in a bundle, keep them out of it')
  })
}
