// What `audit.coverage()` says of a Nest application: how it is watched, which handlers are facts, and which are not audited.
import { MetadataScanner, type ModulesContainer } from '@nestjs/core'
import { quietly } from '@trailproof/core/adapter'
import { markingOf } from './metadata.js'

export interface MarkedHandlers {
  /** `InvoiceController.export` to the event it is recorded as. */
  audited: Record<string, string>
  /** To the reason why it is not. */
  unaudited: Record<string, string>
}

export function markedHandlers(modules: ModulesContainer): MarkedHandlers {
  const found: MarkedHandlers = { audited: {}, unaudited: {} }
  const scanner = new MetadataScanner()
  for (const { controllers, providers } of modules.values())
    for (const wrappers of [controllers, providers])
      for (const { metatype } of wrappers.values())
        quietly(() => {
          const prototype = (metatype as { prototype?: object } | null)?.prototype
          if (!prototype) return
          for (const name of scanner.getAllMethodNames(prototype)) {
            const handler = (prototype as Record<string, object>)[name]!
            const marking = markingOf(handler, metatype as object)
            const title = `${(metatype as { name: string }).name}.${name}`
            if (!marking) continue
            if ('event' in marking) found.audited[title] = marking.event
            else found.unaudited[title] = marking.unaudited
          }
        })
  return found
}

/**
 * Does Nest end this process in good order? Without `enableShutdownHooks()` a signal ends it without `app.close()`: what is
 * queued is still written, but requests in progress are cut off, and `audit.stopped` says `exit`.
 */
export function shutdownHooksEnabled(): boolean {
  // Nest tells nobody; its listener is known by what it calls.
  return process
    .eventNames()
    .filter((name) => typeof name === 'string' && name.startsWith('SIG'))
    .some((signal) => process.listeners(signal as NodeJS.Signals).some(isNests))
}

const isNests = (listener: unknown) =>
  quietly(() => /\bcallShutdownHook\b/.test(Function.prototype.toString.call(listener))) ?? false
