// Fields that hold secrets by their name, however it is written: `Password`, `new_password`, `newPassword`, `new-password`.

// biome-ignore format: a list of words
const WORDS = new Set([
  'pass', 'pin', 'secret', 'clientsecret', 'token', 'accesstoken', 'refreshtoken', 'idtoken', 'authtoken', 'resettoken', 'code',
  'codeverifier', 'devicecode', 'verificationcode', 'securitycode', 'otp', 'otpcode', 'totp', 'totpcode', 'mfacode',
  'recoverycode', 'backupcode', 'apikey', 'privatekey', 'assertion', 'clientassertion', 'samlresponse',
])
/** Names that contain these are about passwords: `currentPassword`, `password_confirmation`, `userPwd`. */
const PARTS = /passw(?:or)?d|passphrase|passcode|pwd/

/** Where forms and APIs nest them: `user[password]`, GraphQL variables. */
const CONTAINERS = new Set(['user', 'account', 'login', 'credentials', 'session', 'variables', 'input'])

const MOST_KEYS = 10_000
const LONGEST_NAME = 64

/** Is a field of this name a secret? Case and separators do not matter. */
export function isSecretField(name: string): boolean {
  if (name.length > LONGEST_NAME) return false
  const word = plainName(name)
  return WORDS.has(word) || PARTS.test(word)
}

/**
 * Values of the secret fields of a parsed body, one level of nesting included. Getters that throw are passed over; of
 * fields that are no secrets only the name is read.
 */
export function* secretFieldsOf(body: object, nested = true): Iterable<unknown> {
  let left = MOST_KEYS
  for (const name in body) {
    if (left-- === 0) return
    if (!Object.hasOwn(body, name) || name.length > LONGEST_NAME) continue
    if (isSecretField(name)) yield* textsOf(read(body, name))
    else if (nested && CONTAINERS.has(plainName(name))) {
      const inner = read(body, name)
      if (typeof inner === 'object' && inner !== null) yield* secretFieldsOf(inner, false)
    }
  }
}

const plainName = (name: string) => name.toLowerCase().replace(/[^a-z0-9]/g, '')

/** A form that sends a field twice gives a list. */
function textsOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value.slice(0, 8) : [value]
}

function read(map: object, name: string): unknown {
  try {
    return (map as Record<string, unknown>)[name]
  } catch {
    return undefined
  }
}
