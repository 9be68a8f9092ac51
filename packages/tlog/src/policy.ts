// Trust policies (C2SP tlog-policy): the logs and witnesses one believes, and which witnesses together are enough.
// This file reads and writes the text; whether a checkpoint satisfies a policy is in quorum.ts.
import { equalBytes } from './bytes.js'
import { FormatError } from './errors.js'
import { KeyType, type PublicNoteKey, parseVkey } from './keys.js'
import type { Sha256 } from './merkle.js'

/** A log whose checkpoints are accepted. Its key's name is its origin. */
export interface PolicyLog {
  vkey: string
  url?: string
}

/** A witness. `name` counts inside the policy only; `url` is its submission prefix (C2SP tlog-witness). */
export interface PolicyWitness {
  name: string
  vkey: string
  url?: string
}

/** Has witnessed what at least `threshold` of its members (witnesses, or groups defined before it) have witnessed. */
export interface PolicyGroup {
  name: string
  threshold: number
  members: string[]
}

export interface Policy {
  logs: PolicyLog[]
  witnesses: PolicyWitness[]
  groups: PolicyGroup[]
  /** Name of a witness or group; undefined for `quorum none`: no cosignature is asked for. */
  quorum: string | undefined
}

/** A policy that must not be used; `line` counts from 1, and is 0 where no line is to blame (there is no quorum). */
export class PolicyError extends FormatError {
  override name = 'PolicyError'

  constructor(
    readonly line: number,
    message: string,
  ) {
    super(line === 0 ? message : `line ${line}: ${message}`)
  }
}

/** Definitions in a policy. The specification asks for 32 of each kind at least. */
const MAX_POLICY_LINES = 1000

const NONE = 'none'

/**
 * Reads a policy. A name must be defined above the line that uses it, so no group can contain itself, and belongs to at
 * most one group, so no witness counts twice.
 *
 * @param text - the file as UTF-8; the last line may lack its newline
 * @throws PolicyError naming the line; also for a name or key that is there twice, a key of a type that is not verified
 * here (logs Ed25519, witnesses cosignature/v1), and a second or missing quorum
 */
export function parsePolicy(sha256: Sha256, text: string): Policy {
  const lines = text.split('\n', MAX_POLICY_LINES + 1)
  if (lines.length > MAX_POLICY_LINES) throw new PolicyError(MAX_POLICY_LINES, 'a policy has at most 1000 lines')
  const reader = new PolicyReader(sha256)
  lines.forEach((line, i) => {
    try {
      reader.take(line)
    } catch (error) {
      throw error instanceof FormatError ? new PolicyError(i + 1, error.message) : error
    }
  })
  return reader.policy()
}

/**
 * The text of a policy, which parsePolicy reads back as the same.
 *
 * @throws PolicyError it is none that could be read back; the line counts in the text that would have been written
 */
export function formatPolicy(sha256: Sha256, { logs, witnesses, groups, quorum }: Policy): string {
  const lines = [
    ...logs.map(({ vkey, url }) => ['log', vkey, url]),
    ...witnesses.map(({ name, vkey, url }) => ['witness', name, vkey, url]),
    ...groups.map(({ name, threshold, members }) => [
      'group',
      name,
      thresholdWord(threshold, members.length),
      ...members,
    ]),
    ['quorum', quorum ?? NONE],
  ]
  const text = lines.map((items) => `${items.filter((item) => item !== undefined).join(' ')}\n`).join('')
  parsePolicy(sha256, text)
  return text
}

const thresholdWord = (threshold: number, members: number) =>
  threshold === members ? 'all' : threshold === 1 ? 'any' : String(threshold)

class PolicyReader {
  readonly #sha256: Sha256
  readonly #logs: (PolicyLog & { key: PublicNoteKey })[] = []
  readonly #witnesses: (PolicyWitness & { key: PublicNoteKey })[] = []
  readonly #groups: PolicyGroup[] = []
  readonly #names = new Set([NONE])
  readonly #grouped = new Set<string>()
  #quorum: string | undefined

  constructor(sha256: Sha256) {
    this.#sha256 = sha256
  }

  take(line: string): void {
    if (/[\u0000-\u0008\u000b-\u001f\u007f\p{Surrogate}]/u.test(line))
      throw new FormatError('there is a control character in it (line ends are LF alone)')
    const [keyword, ...items] = line.split(/[ \t]+/).filter((item) => item !== '')
    if (keyword === undefined || keyword.startsWith('#')) return
    if (keyword === 'log') this.#log(items)
    else if (keyword === 'witness') this.#witness(items)
    else if (keyword === 'group') this.#group(items)
    else if (keyword === 'quorum') this.#setQuorum(items)
    else throw new FormatError('a line begins with log, witness, group, quorum or #')
  }

  policy(): Policy {
    if (this.#quorum === undefined) throw new PolicyError(0, 'there is no quorum line (say "quorum none" for none)')
    return {
      logs: this.#logs.map(({ key: _, ...log }) => log),
      witnesses: this.#witnesses.map(({ key: _, ...witness }) => witness),
      groups: this.#groups,
      quorum: this.#quorum === NONE ? undefined : this.#quorum,
    }
  }

  #log([vkey, url, ...more]: string[]): void {
    if (vkey === undefined || more.length > 0) throw new FormatError('not in the form: log VKEY [URL]')
    const key = this.#key(vkey, KeyType.ed25519, 'a log signs with Ed25519 (type 1)')
    refuseTwin(this.#logs, key, 'log')
    this.#logs.push({ vkey, key, ...(url !== undefined && { url }) })
  }

  #witness([name, vkey, url, ...more]: string[]): void {
    if (name === undefined || vkey === undefined || more.length > 0)
      throw new FormatError('not in the form: witness NAME VKEY [URL]')
    this.#define(name)
    const key = this.#key(vkey, KeyType.cosignatureV1, 'a witness cosigns with cosignature/v1 (type 4)')
    refuseTwin(this.#witnesses, key, 'witness')
    this.#witnesses.push({ name, vkey, key, ...(url !== undefined && { url }) })
  }

  #group([name, word, ...members]: string[]): void {
    if (name === undefined || word === undefined || members.length === 0)
      throw new FormatError('not in the form: group NAME all|any|COUNT MEMBER...')
    for (const member of members) {
      if (member === NONE) throw new FormatError('"none" is no member of a group')
      this.#used(member)
      if (this.#grouped.has(member)) throw new FormatError(`"${member}" is in a group already: it would count twice`)
      this.#grouped.add(member)
    }
    this.#define(name) // after its members: it is not one of them
    this.#groups.push({ name, threshold: thresholdOf(word, members.length), members })
  }

  #setQuorum([name, ...more]: string[]): void {
    if (name === undefined || more.length > 0) throw new FormatError('not in the form: quorum NAME|none')
    if (this.#quorum !== undefined) throw new FormatError('a second quorum')
    this.#used(name)
    this.#quorum = name
  }

  #define(name: string): void {
    if (this.#names.has(name)) throw new FormatError(`the name "${name}" is taken`)
    this.#names.add(name)
  }

  #used(name: string): void {
    if (!this.#names.has(name)) throw new FormatError(`no witness or group "${name}" is defined above`)
  }

  #key(vkey: string, type: number, rule: string): PublicNoteKey {
    const key = parseVkey(this.#sha256, vkey)
    if (key.type !== type) throw new FormatError(`a key of type ${key.type}: ${rule}`)
    return key
  }
}

function thresholdOf(word: string, members: number): number {
  const count = word === 'all' ? members : word === 'any' ? 1 : /^[1-9][0-9]{0,3}$/.test(word) ? Number(word) : 0
  if (count < 1 || count > members)
    throw new FormatError(`a group needs all, any, or 1 to ${members} of its ${members} members, not "${word}"`)
  return count
}

// C2SP tlog-policy: vkeys of one public key are duplicates whatever their names. A witness would count twice; of logs it would
// do no harm, but other programs would refuse the file.
function refuseTwin(known: readonly { key: PublicNoteKey }[], key: PublicNoteKey, what: string): void {
  if (known.some((other) => equalBytes(other.key.publicKey, key.publicKey)))
    throw new FormatError(
      `this public key is that of another ${what} already, and tlog-policy allows a line for each key`,
    )
}
