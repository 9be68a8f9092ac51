// Witnesses as anchors of a log: they cosign its checkpoints, and the cosigned checkpoint is kept beside the log, so that
// anyone who holds the witnesses' keys can see what they vouch for (`verify --policy`).

import { sha256, verifyEd25519 } from '@trailproof/core/adapter'
import { meetsQuorum, type Policy, PolicyJudge, parseCheckpoint, parseNote } from '@trailproof/tlog'
import { sizeName } from '../size-name.js'
import type { Anchor, AnchorCheckpoint, Prove } from './anchor.js'
import type { Cosignature, WitnessClient } from './client.js'
import { failed } from './errors.js'
import { clientOf, policyOf, type WitnessAnchorOptions, type WitnessesAnchorOptions } from './options.js'

/** `witnessed-00000000000000000777-witnesses`: a checkpoint with the cosignatures of its witnesses. */
function witnessedName(size: number, anchor: string): string {
  return `witnessed-${sizeName(size)}-${anchor}`
}

/**
 * One witness as an anchor.
 *
 * @throws TRAILPROOF_OPTION_INVALID
 * @see C2SP tlog-witness, tlog-cosignature
 */
export function witnessAnchor(options: WitnessAnchorOptions): Anchor {
  const client = clientOf(options)
  return {
    kind: 'witness',
    name: options.name,
    async publish(checkpoint, prove, signal) {
      return receipt(options.name, checkpoint, [await client.cosign(checkpoint, prove, signal)])
    },
    latest: (origin, signal) => client.latest(origin, signal),
  }
}

/**
 * The witnesses of a policy as one anchor: all are asked at the same time, and the checkpoint counts as published when
 * those that have cosigned are the quorum. One that does not answer, or answers wrongly, is passed over.
 *
 * Its `publish` fails with `reason: 'quorum'` when too few have cosigned; a witness that knows a larger or another tree is
 * an alarm that no quorum of others silences (TRAILPROOF_ANCHOR_CONFLICT).
 *
 * @throws TRAILPROOF_OPTION_INVALID, TRAILPROOF_POLICY_INVALID
 * @see C2SP tlog-policy
 */
export function witnessesAnchor(options: WitnessesAnchorOptions): Anchor {
  const { name, policy, clients } = policyOf(options)
  return {
    kind: 'witness',
    name,
    publish: async (checkpoint, prove, signal) =>
      receipt(name, checkpoint, await cosignAll(policy, clients, checkpoint, prove, signal)),
    latest: (origin, signal) => latestOf(policy, clients, origin, signal),
  }
}

function receipt(name: string, { size, note }: AnchorCheckpoint, cosignatures: readonly Cosignature[]) {
  const bytes = Buffer.from(note + cosignatures.map(({ line }) => line).join(''))
  const last = Math.max(...cosignatures.map(({ time }) => time.getTime()))
  return {
    files: [{ name: witnessedName(size, name), bytes }],
    ...(cosignatures.length > 0 && { time: new Date(last) }),
  }
}

async function cosignAll(
  policy: Policy,
  clients: readonly WitnessClient[],
  checkpoint: AnchorCheckpoint,
  prove: Prove,
  signal: AbortSignal,
): Promise<Cosignature[]> {
  const answers = await Promise.allSettled(clients.map((client) => client.cosign(checkpoint, prove, signal)))
  const errors = answers.flatMap((answer) => (answer.status === 'rejected' ? [answer.reason as Error] : []))
  // Also what is no witness's fault, such as a log that cannot prove its own growth.
  const alarm = errors.find((error) => (error as { code?: unknown }).code !== 'TRAILPROOF_ANCHOR_FAILED')
  if (alarm) throw alarm
  const signed = clients.filter((_, i) => answers[i]!.status === 'fulfilled').map((client) => client.name)
  if (!meetsQuorum(policy, signed)) {
    const reasons = errors.map((error) => error.message).join('; ')
    throw failed('quorum', `${signed.length} of ${clients.length} witnesses have cosigned, too few: ${reasons}`, {
      signed,
    })
  }
  return answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : []))
}

// The largest that any witness knows: each bears the signature of that witness, and of the log where the policy names it.
async function latestOf(
  policy: Policy,
  clients: readonly WitnessClient[],
  origin: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  const answers = await Promise.allSettled(clients.map((client) => client.latest(origin, signal)))
  const failures = answers.filter((answer) => answer.status === 'rejected')
  if (failures.length === answers.length) throw failures[0]!.reason
  const judge = new PolicyJudge(sha256, verifyEd25519, policy)
  let newest: { note: string; size: number } | undefined
  for (const answer of answers) {
    const note = answer.status === 'fulfilled' ? answer.value : undefined
    const size = note === undefined ? -1 : sizeOf(note, origin, policy, judge)
    if (note !== undefined && size > (newest?.size ?? -1)) newest = { note, size }
  }
  return newest?.note
}

/** -1 for what must not be believed. */
function sizeOf(note: string, origin: string, policy: Policy, judge: PolicyJudge): number {
  try {
    if (policy.logs.length > 0) judge.judge(note)
    const checkpoint = parseCheckpoint(parseNote(note).text)
    return checkpoint.origin === origin ? checkpoint.size : -1
  } catch {
    return -1
  }
}
