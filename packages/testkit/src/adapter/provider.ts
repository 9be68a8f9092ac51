// The OAuth provider that the contract's shop sends people to: it knows one client, and does what it is told for each code.
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'

/** Codes and the account that the provider gives for each; a code that is not here is refused. */
const CODES: Record<string, string> = { 'code-of-ann': 'ann', 'code-of-nobody': 'nobody-here' }

export class Provider {
  readonly #server: Server = createServer((req, res) => {
    let sent = ''
    req.on('data', (part: Buffer) => (sent += part.toString()))
    req.on('end', () => {
      const account = CODES[new URLSearchParams(sent).get('code') ?? '']
      res.statusCode = account ? 200 : 400
      res.setHeader('content-type', 'application/json')
      const token = { access_token: 'token-of-the-provider', token_type: 'Bearer', account }
      res.end(JSON.stringify(account ? token : { error: 'invalid_grant' }))
    })
  })

  async start(): Promise<string> {
    this.#server.listen(0, '127.0.0.1')
    await once(this.#server, 'listening')
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections()
    this.#server.close()
    await once(this.#server, 'close')
  }
}
