// A timestamp authority made of `openssl ts`, which shares no code with what is tested: a root, an intermediate, a TSA
// certificate, and a small server in front of it.
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Undefined, or why these tests cannot run here. */
export const noOpenssl =
  spawnSync('openssl', ['version']).status === 0 ? undefined : 'openssl is not installed: RFC 3161 is not tested here'

export interface Certified {
  name: string
  /** Days from now; negative for one that is over. */
  days?: number
  usage?: string
  ca?: boolean
  pathlen?: number
  type?: 'rsa' | 'ec'
}

export class Authority {
  readonly dir = mkdtempSync(join(tmpdir(), 'tp-tsa-'))

  remove(): void {
    rmSync(this.dir, { recursive: true, force: true })
  }

  /** Makes a certificate, signed by `issuer` or by itself. */
  certify({ name, days = 2, usage, ca = false, pathlen, type = 'ec' }: Certified, issuer?: string): void {
    const extensions = [
      `basicConstraints=critical,CA:${ca ? 'TRUE' : 'FALSE'}${pathlen === undefined ? '' : `,pathlen:${pathlen}`}`,
      `keyUsage=critical,${ca ? 'keyCertSign,cRLSign' : 'digitalSignature'}`,
      'subjectKeyIdentifier=hash',
      ...(usage ? [`extendedKeyUsage=${usage}`] : []),
    ]
    writeFileSync(this.path(`${name}.ext`), `${extensions.join('\n')}\n`)
    const algorithm =
      type === 'ec'
        ? ['-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256']
        : ['-algorithm', 'RSA', '-pkeyopt', 'rsa_keygen_bits:2048']
    this.openssl('genpkey', ...algorithm, '-out', `${name}.key`)
    this.openssl('req', '-new', '-key', `${name}.key`, '-subj', `/O=Test/CN=${name}`, '-out', `${name}.csr`)
    const by = issuer ? ['-CA', `${issuer}.pem`, '-CAkey', `${issuer}.key`] : ['-signkey', `${name}.key`]
    this.openssl(
      'x509',
      '-req',
      '-in',
      `${name}.csr`,
      ...by,
      '-set_serial',
      `0x${Date.now().toString(16)}${name.length}`,
      '-days',
      `${days}`,
      '-sha256',
      '-extfile',
      `${name}.ext`,
      '-out',
      `${name}.pem`,
    )
  }

  pem(name: string): string {
    return readFileSync(this.path(`${name}.pem`), 'utf8')
  }

  path(name: string): string {
    return join(this.dir, name)
  }

  /** Answers a request as `signer`, with the given chain in the token. */
  reply(request: Uint8Array, signer = 'tsa', chain: readonly string[] = ['middle'], digest = 'sha256'): Buffer {
    const work = mkdtempSync(join(this.dir, 'reply-'))
    mkdirSync(join(work, 'ca'))
    writeFileSync(join(work, 'serial'), '1000')
    writeFileSync(join(work, 'chain.pem'), chain.map((name) => this.pem(name)).join(''))
    writeFileSync(join(work, 'request'), request)
    writeFileSync(
      join(work, 'conf'),
      `[tsa]\ndefault_tsa=t\n[t]\nserial=${work}/serial\ndefault_policy=1.2.3.4\ndigests=sha256\nsigner_digest=${digest}\naccuracy=secs:1\nordering=no\ness_cert_id_chain=no\n`,
    )
    this.openssl(
      'ts',
      '-reply',
      '-config',
      `${work}/conf`,
      '-queryfile',
      `${work}/request`,
      '-signer',
      `${signer}.pem`,
      '-inkey',
      `${signer}.key`,
      '-chain',
      `${work}/chain.pem`,
      '-out',
      `${work}/reply`,
    )
    return readFileSync(join(work, 'reply'))
  }

  /** What `openssl ts -verify` says. */
  verifies(tsr: string, data: string, ca = 'root'): boolean {
    const { status, stdout } = spawnSync(
      'openssl',
      ['ts', '-verify', '-in', tsr, '-data', data, '-CAfile', `${ca}.pem`],
      { cwd: this.dir, encoding: 'utf8' },
    )
    return status === 0 && stdout.includes('OK')
  }

  openssl(...args: string[]): void {
    execFileSync('openssl', args, { cwd: this.dir, stdio: ['ignore', 'ignore', 'pipe'] })
  }
}

export const bodyOf = async (req: IncomingMessage): Promise<Buffer> => {
  const parts: Buffer[] = []
  for await (const part of req) parts.push(part as Buffer)
  return Buffer.concat(parts)
}

/** A server on this machine, and how to end it. */
export async function serve(handle: (req: IncomingMessage, res: ServerResponse) => void | Promise<void>) {
  const server = createServer((req, res) => void handle(req, res))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const close = () => {
    server.closeAllConnections()
    return new Promise((resolve) => server.close(resolve))
  }
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, close }
}
