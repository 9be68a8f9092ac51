// What a strategy decided, as a record; and the one place where the application may have to wait for it.
import { TrailproofError } from '@trailproof/core'
import { quietly } from '@trailproof/core/adapter'
import type { Attempt, Tried, Verb } from './attempt.js'
import { type Hook, observe } from './hook.js'
import { saysNothing } from './reason.js'

/** Credentials were verified, or a provider's account was. Resolves with what policy says. */
export function succeeded(
  hook: Hook,
  attempt: Attempt,
  tried: Tried,
  user: unknown,
): ReturnType<Hook['core']['observe']> {
  attempt.decided = 'success'
  const { context, linking } = attempt
  const visit = hook.visits.of(attempt.req)
  const auth = attempt.auth(tried)
  if (linking)
    return observe(hook, context, { event: 'account.linked', actor: visit.user, target: { account: user }, auth })
  const verdict = observe(hook, context, {
    event: 'login.succeeded',
    actor: user,
    claimed: claimed(attempt, tried),
    auth,
  })
  visit.user = user
  visit.attempt = attempt.id
  if (context) context.actor = hook.core.identify(user)
  return verdict
}

/** All strategies were asked, and none said yes. */
export function denied(hook: Hook, attempt: Attempt): void {
  attempt.decided = 'fail'
  // The reason that tells most: `['jwt', 'local']` with a wrong password is a wrong password, not a missing token.
  const decider = attempt.tried.find((one) => one.reason && !saysNothing(one.reason)) ?? attempt.tried[0]
  observe(hook, attempt.context, {
    event: attempt.linking ? 'account.link_failed' : 'login.failed',
    reason: decider?.reason ?? 'rejected',
    claimed: claimed(attempt, decider),
    auth: attempt.auth(decider),
  })
}

/** It could not be decided: `error()`, a throw, or a strategy that nobody registered. */
export function broke(hook: Hook, attempt: Attempt, tried: Tried | undefined, reason = 'error'): void {
  attempt.decided = 'error'
  observe(hook, attempt.context, {
    event: attempt.linking ? 'account.link_failed' : 'login.failed',
    outcome: 'error',
    reason,
    claimed: claimed(attempt, tried),
    auth: attempt.auth(tried),
  })
}

/** The person was sent elsewhere to prove who they are. */
export function challenged(hook: Hook, attempt: Attempt, tried: Tried): void {
  attempt.decided = 'redirect'
  observe(hook, attempt.context, {
    event: 'login.challenged',
    reason: attempt.linking ? 'linking' : undefined, // nobody signs in: an account is to be linked
    claimed: claimed(attempt, tried),
    auth: attempt.auth(tried),
  })
}

/** Policy wants the record to be safe before anyone is signed in (DESIGN section 6). */
export function mustHold(hook: Hook, attempt: Attempt): boolean {
  return hook.core.policyFor(attempt.linking ? 'account.linked' : 'login.succeeded').onFailure === 'refuse'
}

/**
 * The declared exception to "observing changes nothing": `success` is passed on when the record is safe, and becomes
 * `error` with status 503 when it is not.
 *
 * @param answer the strategy's own verbs, as passport gave them for this request
 */
export function succeedWhenSafe(
  hook: Hook,
  attempt: Attempt,
  tried: Tried,
  user: unknown,
  answer: { success(): unknown; error(error: unknown): unknown },
): void {
  const { context, req } = attempt
  const visit = hook.visits.of(req)
  const before = { user: visit.user, attempt: visit.attempt, actor: context?.actor }
  const verdict = quietly(() => succeeded(hook, attempt, tried, user)) ?? Promise.resolve('refuse' as const)
  void verdict.then((go) => {
    if (go === 'refuse') {
      quietly(() => {
        visit.user = before.user
        visit.attempt = before.attempt
        if (context) context.actor = before.actor
      })
      quietly(() => refused(hook, attempt, tried, user))
      answer.error(refusal())
      return
    }
    try {
      answer.success()
    } catch (error) {
      // The strategy's caller is gone, so nobody above us can catch it: passport-local would have said the same.
      answer.error(error)
    }
  })
}

/** Told before the answer, so that the gate does not tell it a second time; it is written when the log can be. */
function refused(hook: Hook, attempt: Attempt, tried: Tried, user: unknown): void {
  const fact = { claimed: claimed(attempt, tried), auth: attempt.auth(tried) }
  if (attempt.linking)
    observe(hook, attempt.context, { event: 'account.link_failed', outcome: 'error', reason: 'refused', ...fact })
  else observe(hook, attempt.context, { event: 'login.refused', actor: user, ...fact })
}

function refusal(): TrailproofError {
  return new TrailproofError('TRAILPROOF_REFUSED', 'the sign-in was refused, since its record is not safe', {
    hint: 'the audit log cannot be written; see audit.health()',
    status: 503,
    statusCode: 503,
  })
}

/** The decider's typed name, else that of any strategy tried: it is the same request. */
function claimed(attempt: Attempt, decider: Tried | undefined): string | undefined {
  return decider?.claimed ?? attempt.tried.find((one) => one.claimed)?.claimed
}

/** A success is never overlooked, not even by a strategy that has failed before: passport would sign the user in. */
export function isDecidedAgainst(attempt: Attempt, verb: Verb): boolean {
  return attempt.decided !== undefined && (verb !== 'success' || attempt.decided === 'success')
}
