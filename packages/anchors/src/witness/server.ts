// The HTTP side of a witness: two routes, and bounds on all that a stranger may send.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Reply, Witness } from './witness.js'

/** An old size, 63 hashes and a checkpoint with a hundred signatures fit several times. */
const MAX_REQUEST_BYTES = 64 * 1024
const MAX_CONNECTIONS = 256
const MONITORING = /^\/([0-9a-f]{64})\/checkpoint$/

/**
 * Serves `POST /add-checkpoint` and `GET /<hash of origin>/checkpoint`: submission and monitoring prefix are the same. Not
 * listening yet. It speaks plain HTTP; TLS is for whoever stands before it.
 *
 * @see C2SP tlog-witness
 */
export function witnessServer(witness: Witness): Server {
  const server = createServer(
    { maxHeaderSize: 8 * 1024, headersTimeout: 10_000, requestTimeout: 20_000, keepAliveTimeout: 30_000 },
    (req, res) => {
      respond(witness, req).then(
        (answer) => send(res, answer),
        () => res.destroy(), // whoever asked is gone
      )
    },
  )
  server.maxConnections = MAX_CONNECTIONS
  return server
}

async function respond(witness: Witness, req: IncomingMessage): Promise<Reply & { allow?: string }> {
  if (req.url === '/add-checkpoint') {
    if (req.method !== 'POST') return { status: 405, body: 'POST only\n', allow: 'POST' }
    const body = await readBody(req)
    if (body === 'too long') return { status: 413, body: `at most ${MAX_REQUEST_BYTES} bytes\n` }
    return body === undefined ? { status: 400, body: 'not UTF-8\n' } : witness.addCheckpoint(body)
  }
  const hash = MONITORING.exec(req.url ?? '')?.[1]
  if (hash === undefined) return { status: 404, body: 'POST /add-checkpoint, or GET /<hash of origin>/checkpoint\n' }
  if (req.method !== 'GET' && req.method !== 'HEAD') return { status: 405, body: 'GET only\n', allow: 'GET, HEAD' }
  return witness.latest(hash)
}

async function readBody(req: IncomingMessage): Promise<string | undefined | 'too long'> {
  if (Number(req.headers['content-length'] ?? 0) > MAX_REQUEST_BYTES) return 'too long'
  const pieces: Buffer[] = []
  let length = 0
  for await (const piece of req.iterator({ destroyOnReturn: false })) {
    length += (piece as Buffer).length
    if (length > MAX_REQUEST_BYTES) return 'too long'
    pieces.push(piece as Buffer)
  }
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Buffer.concat(pieces))
  } catch {
    return undefined
  }
}

function send(res: ServerResponse, { status, body, type, allow }: Reply & { allow?: string }): void {
  // What is left of a request that was not read must not be taken for the next one.
  if (!res.req.complete) res.setHeader('connection', 'close')
  if (allow) res.setHeader('allow', allow)
  res.writeHead(status, {
    'content-type': type ?? 'text/plain; charset=utf-8',
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
  })
  res.end(body)
}
