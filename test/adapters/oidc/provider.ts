// A real OpenID Connect provider (npm oidc-provider) on loopback, and a person who signs in there with a browser.
import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
// @ts-expect-error without types of its own
import Provider from 'oidc-provider'

export interface RunningProvider {
  issuer: string
  stop(): Promise<void>
}

/** @param shopUrl where the shop listens: the provider sends people back there and nowhere else */
export async function startProvider(shopUrl: string): Promise<RunningProvider> {
  let listener: RequestListener = (_req, res) => res.end()
  const server = createServer((req, res) => listener(req, res))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const client = (id: string, path: string) => ({
    client_id: id,
    client_secret: 'secret-between-shop-and-provider',
    redirect_uris: [`${shopUrl}${path}`],
    token_endpoint_auth_method: 'client_secret_post',
  })
  // What is said about its development defaults is for people who run it in earnest.
  const { warn, info } = console
  console.warn = console.info = () => {}
  const provider = new Provider(issuer, {
    clients: [client('oidc', '/oidc/callback'), client('pkce', '/pkce/callback'), client('link', '/link/callback')],
    cookies: { keys: ['of this run'] },
    pkce: { required: (_ctx: unknown, { clientId }: { clientId: string }) => clientId === 'pkce' },
    claims: { openid: ['sub'], profile: ['name'] },
    findAccount: (_ctx: unknown, id: string) => ({ accountId: id, claims: () => ({ sub: id, name: `Name of ${id}` }) }),
  })
  Object.assign(console, { warn, info })
  listener = provider.callback()
  return {
    issuer,
    async stop() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

/** A browser: cookies by host and port, and pages that it follows by hand. */
export class Person {
  readonly #cookies = new Map<string, Map<string, string>>()

  async open(url: string, form?: Record<string, string>): Promise<{ status: number; location?: string; text: string }> {
    const { host } = new URL(url)
    const jar = this.#cookies.get(host) ?? new Map<string, string>()
    this.#cookies.set(host, jar)
    const response = await fetch(url, {
      method: form ? 'POST' : 'GET',
      redirect: 'manual',
      headers: { cookie: [...jar].map(([name, value]) => `${name}=${value}`).join('; ') },
      ...(form && { body: new URLSearchParams(form) }),
    })
    for (const line of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
      if (value) jar.set(name, value)
      else jar.delete(name)
    }
    const location = response.headers.get('location')
    return {
      status: response.status,
      ...(location && { location: new URL(location, url).href }),
      text: await response.text(),
    }
  }

  /**
   * Goes from the shop to the provider, signs in there, and consents or not.
   *
   * @returns where the provider sends the browser: back to the shop, not yet opened
   */
  async atProvider(start: string, { as, consent = true }: { as: string; consent?: boolean }): Promise<string> {
    const { host } = new URL(start)
    let url = (await this.open(start)).location!
    for (let i = 0; i < 12; i++) {
      if (new URL(url).host === host) return url
      const { location, text } = await this.open(url)
      if (location) {
        url = location
        continue
      }
      const action = /action="([^"]+)"/.exec(text)![1]!
      const prompt = /name="prompt" value="(\w+)"/.exec(text)![1]!
      if (prompt === 'consent' && !consent) url = new URL(/href="([^"]+\/abort)"/.exec(text)![1]!, url).href
      else url = (await this.open(new URL(action, url).href, { prompt, login: as, password: 'any' })).location!
    }
    throw new Error('the provider never sent the browser back')
  }
}
