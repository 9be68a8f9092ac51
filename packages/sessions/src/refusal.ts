// Refusing: where policy says so, no session stands in the store whose record is not safe. What is known to fail is not
// stored at all; what was stored before the log failed is destroyed again. The gate answers 503 in both cases.
import { TrailproofError } from '@trailproof/core'
import { callbackIndex, quietly } from '@trailproof/core/adapter'
import type { Method } from './call.js'
import type { Recorder } from './recorder.js'
import { firstWriteOf } from './rotation.js'
import { scope, type Visit } from './visit.js'

/** The client's 503 waits for the store no longer than this; the store is told in any case. */
const ERASE_AT_MOST_MS = 1000

export class Refusal {
  constructor(
    private readonly recorder: Recorder,
    private readonly store: object,
    /** The store's own `destroy`, not the watched one. */
    private readonly destroy: Method,
  ) {}

  /** Tells the request's context, once, how to undo what this visit stores. */
  arm(visit: Visit): void {
    const context = this.recorder.contextOf(visit)
    if (visit.undoable || !context) return
    visit.undoable = true
    context.onRefuse.push(() => this.undo(visit))
  }

  /** Must this write not happen? Either the response is refused already, or the log is known to fail. */
  forbids(visit: Visit, id: string): boolean {
    if (visit.refused) return !visit.known.has(id) || this.dooms(visit, id)
    if (visit.known.has(id)) return false
    const { core } = this.recorder
    return quietly(() => core.failing() && core.policyFor(firstWriteOf(visit, id)).onFailure === 'refuse') ?? false
  }

  /**
   * Answers in the store's place, and has the gate drop the response.
   *
   * Called by express-session at the end of a response, which has written its headers by the time it hears of an error
   * and then lets express destroy the socket, 503 and all. There the gate alone says no.
   */
  refuseSet(visit: Visit, args: unknown[]): unknown {
    const begun = visit.res.headersSent
    const error = new TrailproofError(
      'TRAILPROOF_REFUSED',
      'the session was not stored, since its record cannot be written',
      {
        hint: 'the policy of session.created says onFailure: "refuse"; see audit.health()',
        status: 503,
        statusCode: 503,
      },
    )
    if (!visit.refused) quietly(() => this.recorder.contextOf(visit)?.gate.holdUntil(Promise.resolve('refuse'), true))
    const at = callbackIndex(args, 2)
    if (at >= 0) {
      setImmediate(() => (args[at] as Method)(!begun && visit.res.headersSent ? undefined : error))
      return undefined
    }
    const answer = Promise.reject(error)
    answer.catch(() => {}) // whoever does not look at the answer must not be ended by it
    return answer
  }

  /** Does refusing this response take that session away? A sign-in that kept its old session has put its effect there. */
  dooms(visit: Visit, id: string): boolean {
    return (
      visit.born.has(id) ||
      (visit.written.has(id) && this.recorder.contextOf(visit)?.events.has('login.succeeded') === true)
    )
  }

  /** Takes a session of a refused response out of the store again; resolves also when the store fails. */
  erase(visit: Visit, id: string): Promise<void> {
    return new Promise((resolve) => {
      const stored = visit.known.has(id)
      let open = true
      const answered = (error?: unknown) => {
        if (!open) return
        open = false
        if (error) void this.recorder.storeFailed(visit, 'destroy', id)
        else {
          visit.known.delete(id)
          this.recorder.ledger.sawEnd(id, 'ended')
          if (stored) void this.recorder.record(visit, { event: 'session.ended', reason: 'refused', session: id })
        }
        resolve()
      }
      try {
        const inside = { store: this.store, id }
        const result = scope.run({ visit, inside }, () => this.destroy.call(this.store, id, answered))
        if (result instanceof Promise) result.then(() => answered(), answered)
      } catch (error) {
        answered(error)
      }
    })
  }

  /** A write of a refused response was answered: what it stored goes again. */
  saved(visit: Visit, id: string): void {
    if (!visit.refused || visit.saving.has(id) || !this.dooms(visit, id)) return
    void this.erase(visit, id).then(() => visit.erased.get(id)?.())
  }

  /** Takes back what this visit stored. The response may have left already, or be of a kind that cannot be held. */
  undo(visit: Visit): Promise<void> {
    visit.refused ??= this.#undo(visit)
    return visit.refused
  }

  async #undo(visit: Visit): Promise<void> {
    const erased = [...visit.written]
      .filter((id) => this.dooms(visit, id))
      // A write under way would come after its erasure: `saved` takes care of it.
      .map((id) =>
        visit.saving.has(id) ? new Promise<void>((resolve) => visit.erased.set(id, resolve)) : this.erase(visit, id),
      )
    await Promise.race([Promise.all(erased), new Promise((resolve) => setTimeout(resolve, ERASE_AT_MOST_MS).unref())])
  }
}
