// A server as httpAnchor wants it: it creates what is not there, and never replaces.
import type { IncomingMessage, ServerResponse } from 'node:http'
import { bodyOf, serve } from './authority.js'

/** @param before - answers in its place when it returns true */
export async function serveStore(before: (req: IncomingMessage, res: ServerResponse) => boolean = () => false) {
  const kept = new Map<string, string>()
  const seen: string[] = []
  const { url, close } = await serve(async (req, res) => {
    seen.push(`${req.method} ${req.headers['if-none-match'] ?? ''} ${req.headers['authorization'] ?? ''}`)
    const body = (await bodyOf(req)).toString()
    if (before(req, res)) return
    const path = req.url!
    const log = path.slice(0, path.lastIndexOf('/') + 1)
    const found = path.endsWith('/latest')
      ? [...kept.keys()]
          .filter((key) => key.startsWith(log))
          .sort()
          .at(-1)
      : path
    if (req.method === 'GET') {
      const note = kept.get(found ?? '')
      res.writeHead(note ? 200 : 404).end(note)
    } else if (kept.has(path)) res.writeHead(412).end()
    else {
      kept.set(path, body)
      res.writeHead(201).end()
    }
  })
  return { url, kept, seen, close }
}
