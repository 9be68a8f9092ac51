// `TrailproofModule`: imported once by the root module, it makes every request of the application one with a context.
//
//   imports: [TrailproofModule.forRoot({ service: 'shop', writer: fileWriter('./audit'), attach })]
//
// Dependencies are named by token, so that no build needs `emitDecoratorMetadata`.
import {
  ConfigurableModuleBuilder,
  Inject,
  Module,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
} from '@nestjs/common'
import { ExternalContextCreator, HttpAdapterHost, ModulesContainer } from '@nestjs/core'
import { type Audit, createAudit, TrailproofError } from '@trailproof/core'
import { type AuditCore, checkEvery, coreOf } from '@trailproof/core/adapter'
import { markedHandlers, shutdownHooksEnabled } from './coverage.js'
import { expressContext } from './express.js'
import { type FastifyInstance, fastifyContext } from './fastify.js'
import { unwatchConsumers, watchConsumers } from './guards.js'
import { HOOK } from './hook.js'
import { type LiveApp, live } from './live.js'
import type { TrailproofModuleOptions } from './options.js'
import { AUDIT } from './tokens.js'

const { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN } = new ConfigurableModuleBuilder<TrailproofModuleOptions>({
  moduleName: 'Trailproof',
})
  .setClassMethodName('forRoot')
  .setFactoryMethodName('createTrailproofOptions')
  .setExtras({}, (definition) => ({ ...definition, global: true }))
  .build()

/**
 * Opens the context of every request, before any middleware of the application; records what guards deny; ends the audit
 * when the application shuts down. `forRootAsync` takes `useFactory`, `useClass` or `useExisting`, as Nest's own modules do.
 */
export class TrailproofModule extends ConfigurableModuleClass implements OnApplicationBootstrap, OnApplicationShutdown {
  readonly #audit: Audit
  readonly #ownsAudit: boolean
  readonly #core: AuditCore
  readonly #modules: ModulesContainer
  readonly #facts: Record<string, string | boolean>
  #attached = true

  constructor(
    audit: Audit,
    options: TrailproofModuleOptions,
    { httpAdapter }: HttpAdapterHost,
    creator: ExternalContextCreator,
    modules: ModulesContainer,
  ) {
    super()
    this.#audit = audit
    this.#ownsAudit = options.audit === undefined
    this.#core = coreOf(audit)
    this.#modules = modules
    const platform = this.#openContexts(httpAdapter, options)
    const app: LiveApp = { core: this.#core, modules }
    live.apps.add(app)
    const { guards, messages } = watchConsumers(creator)
    this.#core.onDetach(() => {
      this.#attached = false
      live.apps.delete(app)
      unwatchConsumers()
    })
    this.#facts = { platform, context: platform !== 'none', guards: guards ? 'watched' : 'by answer only', messages }
    this.#core.hooked(HOOK, this.#facts)
    options.attach?.(audit)
  }

  /** Handlers are known now, and whether the application has asked Nest to listen to signals. */
  onApplicationBootstrap(): void {
    const { audited, unaudited } = markedHandlers(this.#modules)
    const shutdown = shutdownHooksEnabled() || 'off: call app.enableShutdownHooks() before app.listen()'
    this.#core.hooked(HOOK, { ...this.#facts, shutdown_hooks: shutdown })
    if (Object.keys(audited).length) this.#core.hooked(`${HOOK}.audited`, audited)
    if (Object.keys(unaudited).length) this.#core.hooked(`${HOOK}.no_audit`, unaudited)
  }

  /** Nest has closed the server by now: no request is left that could still record. */
  async onApplicationShutdown(): Promise<void> {
    await (this.#ownsAudit ? this.#audit.close() : this.#audit.flush())
  }

  /** In the constructor, since Nest makes modules before the application can mount a middleware of its own. */
  #openContexts(adapter: HttpAdapterHost['httpAdapter'] | undefined, options: TrailproofModuleOptions): string {
    const every = checkEvery(options.every, 'TrailproofModule.forRoot()')
    const { forwarded = false } = options
    if (typeof forwarded !== 'boolean')
      throw new TrailproofError(
        'TRAILPROOF_OPTION_INVALID',
        'option "forwarded" of TrailproofModule must be true or false',
      )
    const attached = () => this.#attached
    const platform: string = adapter?.getType() || 'none' // a microservice of its own, or no server at all
    if (!adapter || platform === 'none') return platform
    if (forwarded && platform !== 'express')
      throw new TrailproofError(
        'TRAILPROOF_OPTION_INVALID',
        'option "forwarded" of TrailproofModule needs platform-express',
      )
    if (platform === 'fastify') fastifyContext(this.#core, adapter.getInstance<FastifyInstance>(), attached, every)
    else adapter.use(expressContext(this.#core, attached, every, forwarded))
    return platform
  }
}

for (const [index, token] of [
  AUDIT,
  MODULE_OPTIONS_TOKEN,
  HttpAdapterHost,
  ExternalContextCreator,
  ModulesContainer,
].entries())
  Inject(token)(TrailproofModule, undefined, index)

Module({
  providers: [{ provide: AUDIT, useFactory: auditOf, inject: [MODULE_OPTIONS_TOKEN] }],
  exports: [AUDIT],
})(TrailproofModule)

function auditOf({ attach: _, every: _every, forwarded: _forwarded, ...options }: TrailproofModuleOptions): Audit {
  if (options.audit) return options.audit
  const { audit: _none, ...own } = options
  return createAudit(own)
}
