// Why a token is not believed: told to people as it stands, so in whole words.

export class TokenFault extends Error {
  override readonly name = 'TokenFault'
}
