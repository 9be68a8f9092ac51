// What adapters, hooks and anchors build on. Applications do not need it.
// All state sits behind Symbol.for keys, so that an ESM adapter and a CommonJS core (or two copies) still meet.
import type { Audit } from './audit.js'
import { TrailproofError } from './errors.js'
import type { CatalogueName } from './event/catalogue.js'
import type { AuditEvent, Auth, Identity, TokenFacts } from './event/event.js'
import type { RequestContext } from './http/context.js'
import type { Declared } from './policy/declared.js'
import type { Policy } from './policy/policy.js'

export { type CatalogueName, isEventName, RESERVED } from './event/catalogue.js'
export type { Auth, Identity, TokenFacts } from './event/event.js'
export { type AnyFunction, type Handle, hookOnce, patch, unsupported } from './hook/hook-once.js'
export { onAuditMade } from './hook/made.js'
export { KNOWN_LIBRARIES, noteHooked, type Unhooked } from './hook/unhooked.js'
export { callbackIndex, inPlaceOf, markOnce, quietly, sameShape, unmark } from './hook/wrap.js'
export { type ClientAddress, clientAddress } from './http/address.js'
export { type AuditedAnswer, checkAudited, outcomeOf, recordAnswer } from './http/audited.js'
export {
  type AuditedRequest,
  contextOf,
  currentContext,
  openContext,
  type RequestContext,
  runInContext,
} from './http/context.js'
export { denialIsTold, hasOwnRecord, recordDenial } from './http/denial.js'
export { checkEvery, type EveryRequest, type EveryRules, recordEvery } from './http/every-request.js'
export { expressAddress } from './http/express-address.js'
export { expressRoute } from './http/express-route.js'
export { normaliseAddress } from './http/normalise.js'
export { sha256, verifyEd25519 } from './log/crypto.js'
export { nearest } from './near.js'
export { asServiceName } from './options.js'
export { syncFolderAsync as syncFolder } from './privacy/files.js'
export { readPolicy } from './verify/witnessed.js'

/** One fact that a hook saw. `hook` names the observer; everything else is as for `audit.record()`. */
export interface Observation extends Omit<AuditEvent, 'event' | 'auth' | 'token'> {
  event: CatalogueName | (string & {})
  hook: string
  auth?: Auth | undefined
  token?: TokenFacts | undefined
  /** Second session reference, for `session.rotated`: the id that was given up. */
  sessionFrom?: string | undefined
  /** HTTP status, only on records made at the response (`resource.*`, `authz.denied`). */
  status?: number | undefined
  /** Set by core alone: how many observations a roll-up or a sample stands for. */
  declared?: Declared | undefined
  /** The request this belongs to; default: the current one (AsyncLocalStorage). `null`: none. */
  context?: RequestContext | null | undefined
}

/** `go`: the effect may happen. `refuse`: policy says no, since the record is not safe. */
export type Verdict = 'go' | 'refuse'

/** The inside of an audit, for hooks. Nothing here throws, and nothing waits unless a promise says so. */
export interface AuditCore {
  /**
   * Records one fact and holds this request's response as the policy of the event asks.
   * The promise never rejects; it settles when the record is durable, or when policy says to go on or refuse.
   */
  observe(observation: Observation): Promise<Verdict>
  /** The policy that governs an event name (first match wins). */
  policyFor(event: string): Policy
  /** True while the log is known not to be able to write: a hook that must refuse can do so before acting. */
  failing(): boolean
  /** `identify` of the options, never throwing; undefined when the object has no id. */
  identify(user: unknown): Identity | undefined
  /** Keyed references (22 characters base64url), stable while the root key lives. */
  sessionRef(id: string): string
  tokenRef(value: string): string
  /** What a framework adapter needs to open the context of a request. */
  requestFacts: { newRequestId(): string; gateBytes: number; opened(context: RequestContext): void }
  /** Undoes a hook when `audit.detach()` is called; returns the `detach` of that hook alone. */
  onDetach(undo: () => void): { detach(): void }
  /** Tells `audit.coverage()` what is hooked. */
  hooked(hook: string, detail: Record<string, string | number | boolean>): void
}

const CORE = Symbol.for('trailproof.core')

/**
 * The inside of an audit made by any copy of core.
 *
 * @throws TRAILPROOF_OPTION_INVALID this is no audit
 */
export function coreOf(audit: Audit): AuditCore {
  const core = (audit as unknown as Record<symbol, AuditCore | undefined> | undefined)?.[CORE]
  if (core) return core
  throw new TrailproofError('TRAILPROOF_OPTION_INVALID', 'the first argument must be an audit', {
    hint: 'const audit = createAudit({ service, writer })',
  })
}

export function setCore(audit: Audit, core: AuditCore): void {
  Object.defineProperty(audit, CORE, { value: core })
}
