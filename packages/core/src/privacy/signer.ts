// A signing key that is not here: a KMS, a hardware module, another process. The user brings a function that asks it;
// this file sees to its time limit and says what went wrong. What it answers is verified where it is used (log/crypto.ts).
import { TrailproofError } from '../errors.js'
import type { LogKey, RemoteLimits } from '../log/crypto.js'

/** An Ed25519 key in another place. */
export interface Signer {
  /** 32 bytes, raw; of the key behind `sign`, which never changes in the life of this object. */
  readonly publicKey: Uint8Array
  /**
   * Signs with plain Ed25519 (RFC 8032: over the message itself, not over a hash of it).
   *
   * @param signal - aborted when the time limit has passed: the answer is not wanted any more
   * @returns 64 bytes
   */
  sign(message: Uint8Array, signal: AbortSignal): Promise<Uint8Array>
}

/** What to expect of a `Signer`. */
export interface SignerOptions {
  /** Milliseconds between two signatures, unless somebody waits for one. Default 60,000; at least 1,000. */
  signEveryMs?: number | undefined
  /** Milliseconds for one answer. Default 3,000; 100 to 30,000. */
  signTimeoutMs?: number | undefined
  /** Milliseconds for which records may stand without a signature. Default 900,000; at least twice `signEveryMs`. */
  maxUnsignedMs?: number | undefined
  /** The same as a number of records. Default 100,000; at least 1,000. */
  maxUnsignedRecords?: number | undefined
}

export const DEFAULT_SIGNER_OPTIONS = {
  signEveryMs: 60_000,
  signTimeoutMs: 3000,
  maxUnsignedMs: 900_000,
  maxUnsignedRecords: 100_000,
} as const

/** Has the shape of a Signer; whether it signs shows when it is asked. */
export function isSigner(value: unknown): value is Signer {
  const { publicKey, sign } = (value ?? {}) as Partial<Signer>
  return publicKey instanceof Uint8Array && publicKey.length === 32 && typeof sign === 'function'
}

/** The key of a log behind a signer. Each question settles within the time limit. */
export function remoteKey(signer: Signer, options: SignerOptions): LogKey & { readonly remote: RemoteLimits } {
  const { signTimeoutMs, ...remote } = { ...DEFAULT_SIGNER_OPTIONS, ...defined(options) }
  const publicKey = Uint8Array.from(signer.publicKey)
  return { publicKey, remote, sign: (message) => ask(signer, message, signTimeoutMs) }
}

async function ask(signer: Signer, message: Uint8Array, timeoutMs: number): Promise<Uint8Array> {
  const abort = new AbortController()
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(failed(`the signer has not answered within ${timeoutMs} ms`, undefined))
      abort.abort()
    }, timeoutMs)
  })
  try {
    const answer = Promise.resolve(signer.sign(Uint8Array.from(message), abort.signal))
    return await Promise.race([answer, late])
  } catch (cause) {
    // What it throws may be anything, and may quote what it was sent with: it is kept as the cause, not repeated.
    throw cause instanceof TrailproofError ? cause : failed('the signer answered with an error', cause)
  } finally {
    clearTimeout(timer)
  }
}

function failed(message: string, cause: unknown): TrailproofError {
  return new TrailproofError('TRAILPROOF_SIGNER_FAILED', message, {
    record: 'written',
    hint: 'records are durable and wait for their signature; it is asked for again',
    ...(cause !== undefined && { cause }),
  })
}

function defined<T extends object>(options: T): { [K in keyof T]: NonNullable<T[K]> } {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as never
}
