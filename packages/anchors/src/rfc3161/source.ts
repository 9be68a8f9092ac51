// Kept timestamps as a verifier reads them: trust comes from the authority's root, which the verifier brings.
import type { AnchoredCheckpoint, AnchorSource, Receipts } from '@trailproof/core'
import { readNote } from '../note.js'
import { sizeOf } from '../size-name.js'
import { TokenFault } from './fault.js'
import { verifyResponse } from './token.js'
import { trustedCertificates } from './trusted.js'

/** So many of the newest are verified, and the oldest: each covers all that lies before it. */
const MOST_VERIFIED = 100

/**
 * Verifies the `.tsr` files below `anchors/` of a log. They lie in the log's own folder, so whoever owns that can delete
 * them: give a `maxAgeSeconds`, and compare the first with the records' own times.
 *
 * @param ca - root of the authority, PEM; several one after the other
 * @throws TRAILPROOF_OPTION_INVALID
 */
export function timestampSource({ ca }: { ca: string }): AnchorSource {
  const trusted = trustedCertificates(ca)
  return {
    name: 'timestamp authority',
    async read(origin, receipts) {
      const checkpoints: AnchoredCheckpoint[] = []
      const refused: string[] = []
      const names = (await receipts.names()).filter((name) => stampedSize(name) !== undefined)
      names.sort((a, b) => stampedSize(a)! - stampedSize(b)!)
      const looked = names.length > MOST_VERIFIED ? [names[0]!, ...names.slice(1 - MOST_VERIFIED)] : names
      for (const name of looked) {
        try {
          checkpoints.push(await verifyOne(receipts, name, origin, trusted))
        } catch (error) {
          if (!(error instanceof TokenFault)) throw error
          refused.push(`${name}: ${error.message}`)
        }
      }
      return { checkpoints, refused }
    },
  }
}

/** `tsa-00000000000000000500.tsr` */
const stampedSize = (name: string): number | undefined => sizeOf(/-(\d{20})\.tsr$/.exec(name)?.[1] ?? '')

async function verifyOne(
  receipts: Receipts,
  name: string,
  origin: string,
  ca: ReturnType<typeof trustedCertificates>,
): Promise<AnchoredCheckpoint> {
  const [response, over] = await Promise.all([
    receipts.read(name),
    receipts.read(name.replace(/\.tsr$/, '.checkpoint')),
  ])
  if (!response || !over)
    throw new TokenFault('it is not there as a whole: the answer and the checkpoint belong together')
  const note = Buffer.from(over).toString('utf8')
  if (readNote(note)?.origin !== origin) throw new TokenFault(`what was stamped is no checkpoint of ${origin}`)
  return { note, time: verifyResponse(response, { over, ca }).time }
}
