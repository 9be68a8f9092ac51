// Looking into the log folder as anybody with a text tool could: its records, and whether a secret stands in any file.
import { readdirSync, readFileSync } from 'node:fs'
import { join, relative, sep } from 'node:path'

/** Records of one log, in order. */
export function readRecords(dir, origin) {
  return readLines(join(dir, slotOf(origin))).map((line) => JSON.parse(line))
}

/** `shop/3f…/shop-0` lives in the folder `shop-0`. */
export const slotOf = (origin) => origin.split('/').at(-1)

export function segmentsOf(folder) {
  const seg = join(folder, 'seg')
  return readdirSync(seg)
    .filter((name) => name.endsWith('.jsonl'))
    .sort()
    .map((name) => join(seg, name))
}

function readLines(folder) {
  return segmentsOf(folder).flatMap((file) => readFileSync(file, 'utf8').split('\n').filter(Boolean))
}

/**
 * Searches every file below `dir` for each secret: as it is, URL-encoded, hex, and base64 in its three alignments.
 *
 * @returns {{ searched: number, files: number, hits: { file: string }[] }} hits never repeat the secret
 */
export function findSecrets(dir, secrets) {
  const needles = [...new Set(secrets)].filter((s) => typeof s === 'string' && s.length >= 6).map(encodings)
  const files = readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((file) => !relative(dir, file).split(sep).includes('.trailproof'))
  const hits = []
  for (const file of files) {
    const content = readFileSync(file, 'latin1')
    if (needles.some((forms) => forms.some((form) => content.includes(form)))) hits.push({ file: relative(dir, file) })
  }
  return { searched: needles.length, files: files.length, hits }
}

/** Written anew here, and not taken from the product: a search must not share the mistakes of what it checks. */
export function encodings(secret) {
  const bytes = Buffer.from(secret, 'utf8')
  const forms = new Set([
    bytes.toString('latin1'),
    encodeURIComponent(secret),
    bytes.toString('hex'),
    bytes.toString('hex').toUpperCase(),
  ])
  for (let lead = 0; lead < 3; lead++) {
    const whole = Buffer.concat([Buffer.alloc(lead), bytes])
      .toString('base64')
      .replaceAll('=', '')
    const first = Math.ceil((lead * 8) / 6)
    const last = Math.floor(((lead + bytes.length) * 8) / 6)
    const certain = whole.slice(first, last)
    if (certain.length >= 6)
      for (const form of [certain, certain.replaceAll('+', '-').replaceAll('/', '_')]) forms.add(form)
  }
  return [...forms]
}
