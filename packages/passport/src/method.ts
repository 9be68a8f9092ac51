// How someone proved who they are, told from the strategy: its kind of credential, not its brand.

const BY_NAME: readonly [RegExp, string][] = [
  [/^(local|basic|digest|ldap|ldapauth|activedirectory)$/, 'password'],
  [/^(jwt|bearer|oauth-bearer|oauth2-bearer|http-bearer|jwt-.+)$/, 'token'],
  [/^(webauthn|passkeys?|fido2.*)$/, 'passkey'],
  [/^(totp|hotp|otp|2fa.*)$/, 'mfa'],
  [/^(oauth|open-?id|oidc|google|github|gitlab|facebook|twitter|apple|microsoft|azure|linkedin|discord|auth0|okta)/, 'oauth'],
] // biome-ignore format: a table reads best as one

/** @param asked the name it was asked for by: an alias, perhaps, so the strategy's own name comes first */
export function methodOf(strategy: object, asked: string): string {
  const { name } = strategy as { name?: unknown }
  for (const word of [name, asked])
    if (typeof word === 'string')
      for (const [pattern, method] of BY_NAME) if (pattern.test(word.toLowerCase())) return method
  // Strategies that go by another name, told by the fields of those they are made of.
  if ('_usernameField' in strategy) return 'password'
  if ('_jwtFromRequest' in strategy) return 'token'
  if ('_oauth2' in strategy || '_oauth' in strategy) return 'oauth'
  return (typeof name === 'string' && name ? name : asked).slice(0, 64)
}
