// `trailproof verify-proof`
import { constants } from 'node:fs'
import { open } from 'node:fs/promises'
import { checkProof, type ProofReport, TrailproofError } from '@trailproof/core'
import { keyFileOrText } from '../key-option.js'
import { print, printJson } from '../output.js'
import { safe } from '../terminal.js'

export interface VerifyProofCommand {
  key: string[]
  record: string
  json?: boolean
}

/** No note is longer, so no proof is (C2SP signed-note). */
const MAX_PROOF_BYTES = 1_000_000
/** No record is longer, its `\n` included. */
const MAX_RECORD_BYTES = 65_536

export async function verifyProof(file: string, { key, record, json }: VerifyProofCommand): Promise<number> {
  const report = await checkProof({
    proof: (await readBounded(file, MAX_PROOF_BYTES, 'proof')).toString('utf8'),
    record: await recordOf(record),
    keys: key.map(keyFileOrText),
  })
  process.exitCode = report.ok ? 0 : 1
  if (json) await printJson(report)
  else await print(readable(report))
  return report.ok ? 0 : 1
}

/** The line itself (it begins with a brace), a file with it, or `-`. */
async function recordOf(given: string): Promise<Uint8Array> {
  const bytes = given.startsWith('{') ? Buffer.from(given) : await readBounded(given, MAX_RECORD_BYTES, 'record')
  const line = bytes.at(-1) === 0x0a ? bytes.subarray(0, -1) : bytes // the leaf is the line without its end
  if (line.length > 0 && !line.includes(0x0a)) return line
  throw invalid('what --record gives is not one line', 'give the one line of the log that the proof is about')
}

async function readBounded(path: string, limit: number, what: string): Promise<Buffer> {
  const pieces: Buffer[] = []
  let length = 0
  try {
    for await (const piece of path === '-' ? process.stdin : await streamOf(path)) {
      length += piece.length
      if (length > limit) break
      pieces.push(piece)
    }
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    throw invalid(`the ${what} ${safe(path)} cannot be read: ${code}`, `name a file with the ${what}`, cause)
  }
  if (length > limit) throw invalid(`${safe(path)} is longer than any ${what}`, `name a file with one ${what}`)
  return Buffer.concat(pieces)
}

const streamOf = async (path: string) => (await open(path, constants.O_RDONLY)).createReadStream()

const invalid = (message: string, hint: string, cause?: unknown) =>
  new TrailproofError('TRAILPROOF_OPTION_INVALID', message, { hint, ...(cause !== undefined && { cause }) })

function readable({ ok, origin, index, size, root, originPinned, problem }: ProofReport): string {
  const claim =
    origin === undefined
      ? []
      : [`  log          ${safe(origin)}`, `  record       ${index}`, `  checkpoint   ${size} records, root ${root}`]
  const unpinned = '  note         origin_not_pinned: a bare key does not say which log it belongs to; give the vkey'
  return [
    ok ? 'ok: this record is in the log' : `NOT OK: ${problem!.kind}: ${safe(problem!.detail, 400)}`,
    ...claim,
    ...(originPinned ? [] : [unpinned]),
    '',
  ].join('\n')
}
