// An attempt: one decision of passport about one request, however many strategies it asks.
//
// passport asks a strategy either inside the call of its middleware or inside the call of `fail()` of the strategy before
// it, always synchronously. So the attempt that is being served can be named by a variable that lives as long as that
// call: no async context is needed, and none can be lost.
import { randomBytes } from 'node:crypto'
import type { Auth, RequestContext } from '@trailproof/core/adapter'
import { rawRequest } from './request.js'

export type Verb = 'success' | 'fail' | 'redirect' | 'pass' | 'error'

/** A strategy that was asked. */
export interface Tried {
  name: string
  method: string
  /** What was typed for it. */
  claimed: string | undefined
  /** Why it failed, if it did. */
  reason?: string
}

export class Attempt {
  /** Ties all records of this decision together. */
  readonly id = newAttemptId()
  readonly tried: Tried[] = []
  /** A strategy has been asked and has not answered. */
  running = false
  decided: Verb | undefined

  /**
   * @param req as passport sees it; of Koa it may be the context
   * @param layers what the middleware was given: names and instances, live; undefined for middleware made before the hook
   * @param linking `passport.authorize()`: an account is linked, nobody signs in
   */
  constructor(
    readonly req: object,
    readonly context: RequestContext | undefined,
    readonly layers: readonly unknown[] | undefined,
    readonly linking: boolean,
  ) {}

  /** Does passport give up when the strategy asked last fails? Undefined where that cannot be known before. */
  get atLast(): boolean | undefined {
    return this.layers && !this.layers[this.tried.length]
  }

  /** All strategies tried, and the method of the one that decided. */
  auth(decider: Tried | undefined): Auth {
    return {
      method: decider?.method,
      strategy: this.tried.map((one) => one.name).join('+') || undefined,
      attempt: this.id,
    }
  }
}

/** Which attempt is being served in the call that runs right now. */
export class Attempts {
  #served: Attempt | undefined

  serve<T>(attempt: Attempt, call: () => T): T {
    const outer = this.#served
    this.#served = attempt
    try {
      return call()
    } finally {
      this.#served = outer
    }
  }

  /** The attempt that waits for its next strategy; undefined when passport is not between two strategies. */
  waiting(req?: object): Attempt | undefined {
    const one = this.#served
    return one && !one.running && !one.decided && (!req || rawRequest(one.req) === rawRequest(req)) ? one : undefined
  }
}

/** Told apart across processes by the random part, within one by the number: asking for entropy each time costs more
 * than the rest of an attempt. The id is no secret. */
export function newAttemptId(): string {
  return `${processPart}.${(++lastNumber).toString(36)}`
}

const processPart = randomBytes(6).toString('base64url')
let lastNumber = 0
