// The guard: this request's own secrets, and values that look like secrets, never reach the log.
// It looks at every text that an application or a client can choose.
import { bounded } from '../event/plain.js'

const REDACTED = '[redacted]'

/** Formats that are secrets wherever they stand. None of them backtracks: texts are chosen by attackers. */
const FORMATS: readonly RegExp[] = [
  /\b(?:Bearer|bearer|BEARER|Basic|basic|BASIC)\s+(?=\S*(?:[\d=]|[a-z][A-Z]))[\w.~+/=-]{8,}/g,
  /-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g,
  /\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/g,
  /\b(?:sk|rk)_(?:live|test)_\w{10,}/g,
  /\b(?:gh[pousr]_|github_pat_)\w{20,}/g,
  /\bglpat-[\w-]{20,}/g,
  /\bxox[abeprs]-[\w-]{10,}/g,
  /\bs(?::|%3A)[\w-]{16,}\.[\w%+/=-]{20,}/gi, // signed session cookies of connect and express
  /\bPRIVATE\+KEY\+\S+/g,
]

/** Every one of them begins with, or holds, one of these: most texts hold none, and are looked at once. */
const SUSPICIOUS = /bearer|basic|private|akia|asia|[rs]k_|gh[pousr]_|github_|glpat|xox|s(?::|%3a)|eyj/i

/** No text shorter than this has one in it. */
const SHORTEST_FORMAT = 16

/** Words with dots between; a JWS or JWE is one whose first part begins as `{"` does in base64. */
const DOTTED = /(?<![\w-])[\w-]+(?:\.[\w-]*)+/g
const JOSE_HEADER = /eyJ[\w-]{8,}$/

/** Of a longer secret these many characters are looked for, and what follows them goes too. */
const LOOKED_FOR = 256
/** A secret that begins before a text is cut and ends behind the cut must still be seen whole, nine times as long encoded. */
const MARGIN = 4096

/** Cuts a text to `max` characters, with every secret in it replaced. */
export type Redactor = (text: string, max?: number) => string

interface Needle {
  text: string
  /** The secret goes on behind it: so does the redaction. */
  open: boolean
}

export interface Redactors {
  clean: Redactor
  cleanCode: Redactor
  cleanWords: Redactor
}

/**
 * Guards over one request's secrets. `cleanCode` lets short secrets of letters only stand: it is for codes and names
 * that the program chose, where a password `admin` must not turn `/admin` into `/[redacted]`, which would also tell it.
 * `cleanWords` is `exceptWords` of it.
 */
export function redactors(secrets: readonly string[], request: object = secrets): Redactors {
  const known = ofRequest.get(request)
  if (known?.secrets.length === secrets.length && known.secrets.every((secret, i) => secret === secrets[i]))
    return known
  const needles: Needles = known?.needles ?? new Map()
  const clean = redactor(secrets, needles)
  const others = secrets.filter((secret) => !/^[a-z]{1,10}$/i.test(secret))
  const cleanCode = others.length === secrets.length ? clean : redactor(others, needles)
  const made = { secrets, needles, clean, cleanCode, cleanWords: exceptWords(cleanCode) }
  ofRequest.set(request, made)
  return made
}

/**
 * For texts that the program chose and a stranger must not be able to blank out by sending them as a cookie or password:
 * reasons, route patterns, names of strategies. Words without digits stand; anything else goes through `clean`.
 */
export function exceptWords(clean: Redactor): Redactor {
  return (text, max = Number.POSITIVE_INFINITY) => (text.length <= max && isWords(text) ? text : clean(text, max))
}

function isWords(text: string): boolean {
  return text.includes(':') ? WORDS.test(text.replace(PARAMETERS, '')) : WORDS.test(text)
}

// Lower case, as base64 is not, but for the names of parameters.
const WORDS = /^(?:[a-z_.*/{}()?+-]|\/v\d{1,2}(?=\/|$))*$/
const PARAMETERS = /:[A-Za-z_]{1,32}/g

/** What to look for, by secret. */
type Needles = Map<string, Needle[]>

/** The records of one request look for the same secrets, and for those that came up since. */
const ofRequest = new WeakMap<object, Redactors & { secrets: readonly string[]; needles: Needles }>()

/** The guard of records that belong to no request. */
export const NO_SECRETS = redactors([])

/** Replaces every occurrence of a secret in a text, in any of its usual encodings. */
export function redactor(secrets: Iterable<string>, known: Needles = new Map()): Redactor {
  const all = [...secrets]
  const needlesFor = (secret: string): Needle[] => {
    const made = known.get(secret) ?? needlesOf(secret, all)
    known.set(secret, made)
    return made
  }
  let sorted: Needle[] | undefined
  return (text, max = Number.POSITIVE_INFINITY) => {
    const long = text.length > max + MARGIN
    let clean = long ? text.slice(0, max + MARGIN) : text
    if (holdsAny(clean, all, needlesFor)) {
      sorted ??= all.flatMap(needlesFor).sort((a, b) => b.text.length - a.text.length)
      for (const needle of sorted) clean = without(clean, needle)
    }
    if (clean.length >= SHORTEST_FORMAT && SUSPICIOUS.test(clean)) {
      for (const format of FORMATS) clean = clean.replace(format, REDACTED)
      if (clean.includes('eyJ')) clean = clean.replace(DOTTED, withoutToken)
    }
    return long && clean.length <= max ? `${clean}…` : bounded(clean, max)
  }
}

/** Is any of the secrets in this text? Their encodings are made only for texts that are long or odd enough for one. */
function holdsAny(text: string, secrets: readonly string[], needlesFor: (secret: string) => Needle[]): boolean {
  let run = -1
  for (const secret of secrets) {
    const least = Math.min(secret.length, LOOKED_FOR - 1) // the cut spares pairs of surrogates
    if (text.length < least) continue
    if (text.includes(secret)) return true
    if (run < 0) run = ODD.test(text) ? Number.POSITIVE_INFINITY : longestRun(text)
    const plain = secret.length <= LOOKED_FOR && run < least
    if (!plain && needlesFor(secret).some((needle) => text.includes(needle.text))) return true
  }
  return false
}

/** What escapes are made of, in URLs, forms and JSON, and what stands for half a pair of surrogates. */
const ODD = /[%+\\\ufffd]/

/** The most characters in a row that hexadecimal digits and base64 are made of: as bytes, a secret is no shorter encoded. */
function longestRun(text: string): number {
  let longest = 0
  let run = 0
  for (let i = 0; i < text.length; i++) {
    run = IN_BASE64[text.charCodeAt(i)] === 1 ? run + 1 : 0
    if (run > longest) longest = run
  }
  return longest
}

const IN_BASE64 = Uint8Array.from({ length: 128 }, (_, unit) => (/[\w+/-]/.test(String.fromCharCode(unit)) ? 1 : 0))

function without(text: string, { text: needle, open }: Needle): string {
  if (!text.includes(needle)) return text
  return open ? text.slice(0, text.indexOf(needle)) + REDACTED : text.split(needle).join(REDACTED)
}

/** From the first part that is a header of JOSE on; one that the end of a text has cut off counts too. */
function withoutToken(dotted: string): string {
  const parts = dotted.split('.')
  const header = parts.findIndex((part, i) => i < parts.length - 1 && JOSE_HEADER.test(part))
  return header < 0 ? dotted : [...parts.slice(0, header), REDACTED].join('.')
}

function needlesOf(secret: string, all: readonly string[]): Needle[] {
  const open = secret.length > LOOKED_FOR
  // Half of a surrogate pair would be encoded as something else.
  const whole = open ? secret.slice(0, LOOKED_FOR).replace(/[\ud800-\udbff]$/, '') : secret
  // A cookie around a session id: however it is encoded, the id inside is found.
  const covered = all.some((other) => other.length >= 16 && other.length < whole.length && whole.includes(other))
  return (covered ? [whole] : encodings(whole)).map((text) => ({ text, open }))
}

/**
 * A secret as it may turn up: as it is, URL-encoded (also as forms do, and in lower case), inside JSON, hex, and base64
 * in its three alignments, standard and URL alphabet.
 */
export function encodings(secret: string): string[] {
  const formed = secret.toWellFormed()
  const bytes = Buffer.from(formed)
  const found = new Set([secret, formed])
  if (bytes.length >= 4) {
    const url = encodeURIComponent(formed)
    const form = url.replaceAll('%20', '+').replace(/[!'()~]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`)
    for (const escaped of new Set([url, form]))
      found.add(escaped).add(escaped.replace(/%[\dA-F]{2}/g, (code) => code.toLowerCase()))
    found.add(JSON.stringify(formed).slice(1, -1))
    found.add(bytes.toString('hex'))
    found.add(bytes.toString('hex').toUpperCase())
  }
  // Short base64 cores would match by chance.
  const shifted = Buffer.concat([Buffer.alloc(2), bytes])
  for (const shift of bytes.length >= 8 ? [0, 1, 2] : []) {
    const text = shifted.toString('base64url', 2 - shift)
    // Characters that also depend on the neighbours of the secret are left off.
    const core = text.slice([0, 2, 3][shift], (bytes.length + shift) % 3 === 0 ? undefined : -1)
    found.add(core).add(core.replaceAll('-', '+').replaceAll('_', '/'))
  }
  return [...found]
}
