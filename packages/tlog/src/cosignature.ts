// Cosignatures of witnesses (C2SP tlog-cosignature, cosignature/v1, type 0x04): "the largest consistent tree I had seen of
// this log, at this time". The time is what brackets our own clock's claims.
import { concatBytes, isCount, utf8 } from './bytes.js'
import { type Sign, type VerifierKey, type Verify, verifierKey } from './ed25519.js'
import { FormatError } from './errors.js'
import { KeyType, keyId } from './keys.js'
import type { Sha256 } from './merkle.js'
import type { NoteSignature, NoteSigner, NoteVerifier } from './note.js'

const TIME_BYTES = 8
const SIGNATURE_BYTES = 64

/**
 * A witness's signer. It signs what it is given: consistency with the last tree is to be checked, and stored, before.
 *
 * @param now - POSIX seconds, asked once for each signature
 */
export function cosigner(
  sha256: Sha256,
  name: string,
  publicKey: Uint8Array,
  sign: Sign,
  now: () => number,
): NoteSigner {
  return {
    name,
    keyId: keyId(sha256, name, KeyType.cosignatureV1, publicKey),
    sign: (text) => {
      const time = now()
      if (!isCount(time)) throw new RangeError(`${time} is not a time in whole seconds`)
      const bytes = new Uint8Array(TIME_BYTES)
      new DataView(bytes.buffer).setBigUint64(0, BigInt(time))
      return concatBytes(bytes, sign(cosignedMessage(time, text)))
    },
  }
}

/**
 * A witness's verifier. The time is covered by the signature; read it with cosignatureTime.
 *
 * @throws FormatError a vkey text that is malformed or of another type than cosignature/v1 (0x04)
 */
export function cosignatureVerifier(sha256: Sha256, key: VerifierKey, verify: Verify): NoteVerifier {
  const { name, keyId, publicKey } = verifierKey(sha256, key, KeyType.cosignatureV1)
  return {
    name,
    keyId,
    verify: (text, signature) => {
      const time = readTime(signature)
      if (time === undefined) return false
      return verify(publicKey, cosignedMessage(time, text), signature.slice(TIME_BYTES))
    },
  }
}

/**
 * The POSIX seconds of a cosignature. Only worth anything for one that openNote gave as verified.
 *
 * @throws FormatError not the 72 bytes of a cosignature/v1
 */
export function cosignatureTime({ signature }: Pick<NoteSignature, 'signature'>): number {
  const time = readTime(signature)
  if (time === undefined) throw new FormatError('not a cosignature/v1')
  return time
}

// The whole checkpoint body is signed, extension lines too.
function cosignedMessage(time: number, text: Uint8Array): Uint8Array {
  return concatBytes(utf8(`cosignature/v1\ntime ${time}\n`), text)
}

function readTime(signature: Uint8Array): number | undefined {
  if (signature.length !== TIME_BYTES + SIGNATURE_BYTES) return undefined
  const time = Number(new DataView(signature.buffer, signature.byteOffset, TIME_BYTES).getBigUint64(0))
  return isCount(time) ? time : undefined
}
