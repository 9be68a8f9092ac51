// Judging a checkpoint by a policy (C2SP tlog-policy): a known log has signed it, and enough witnesses have cosigned it.
import { type OpenedCheckpoint, openCheckpoint } from './checkpoint.js'
import { cosignatureTime, cosignatureVerifier } from './cosignature.js'
import { ed25519Verifier, type Verify } from './ed25519.js'
import { NoteError } from './errors.js'
import type { Sha256 } from './merkle.js'
import { keyOf, type NoteVerifier } from './note.js'
import type { Policy } from './policy.js'

/** A witness that has cosigned; `time` is its own clock at that moment, POSIX seconds. */
export interface Cosigned {
  name: string
  time: number
}

/** A checkpoint that a log of the policy has signed. */
export interface Judged {
  opened: OpenedCheckpoint
  /** The policy's witnesses that have cosigned it, in the policy's order. */
  cosigned: Cosigned[]
  /** True when they are enough. Always true for `quorum none`. */
  quorum: boolean
}

/** True when the witnesses named are enough. Names that the policy does not know count for nothing. */
export function meetsQuorum(policy: Policy, cosigned: Iterable<string>): boolean {
  if (policy.quorum === undefined) return true
  const known = new Set(policy.witnesses.map(({ name }) => name))
  const witnessed = new Set([...cosigned].filter((name) => known.has(name)))
  // Groups stand in the order of their definition: each one's members are judged before it.
  for (const { name, threshold, members } of policy.groups)
    if (members.filter((member) => witnessed.has(member)).length >= threshold) witnessed.add(name)
  return witnessed.has(policy.quorum)
}

/** A policy with its keys ready; made once for many checkpoints. */
export class PolicyJudge {
  readonly #policy: Policy
  readonly #logs: NoteVerifier[]
  readonly #witnesses: { name: string; verifier: NoteVerifier }[]

  /**
   * @param logs - further logs to believe, known from elsewhere: a policy need not name any
   * @throws FormatError a key of the policy is malformed
   */
  constructor(sha256: Sha256, verify: Verify, policy: Policy, logs: readonly NoteVerifier[] = []) {
    this.#policy = policy
    this.#logs = [...policy.logs.map(({ vkey }) => ed25519Verifier(sha256, vkey, verify)), ...logs]
    this.#witnesses = policy.witnesses.map(({ name, vkey }) => ({
      name,
      verifier: cosignatureVerifier(sha256, vkey, verify),
    }))
  }

  /**
   * Says who has signed a checkpoint, and whether that is enough.
   *
   * @throws NoteError as openCheckpoint; `unverified` also when no known log of the checkpoint's own origin has signed it:
   * witnesses alone say nothing
   */
  judge(note: string): Judged {
    const opened = openCheckpoint(note, [...this.#logs, ...this.#witnesses.map(({ verifier }) => verifier)])
    const { origin } = opened.checkpoint
    const signatures = new Map(opened.verified.map((signature) => [keyOf(signature), signature]))
    if (!this.#logs.some((log) => log.name === origin && signatures.has(keyOf(log))))
      throw new NoteError('unverified', `no known key of the log ${origin} has signed the checkpoint`)
    const cosigned = this.#witnesses.flatMap(({ name, verifier }) => {
      const signature = signatures.get(keyOf(verifier))
      return signature ? [{ name, time: cosignatureTime(signature) }] : []
    })
    const quorum = meetsQuorum(
      this.#policy,
      cosigned.map(({ name }) => name),
    )
    return { opened, cosigned, quorum }
  }
}
