// An anchor behind HTTP, and servers that misbehave.
import type { ServerResponse } from 'node:http'
import { originFileName } from '@trailproof/core'
import { expect, it, onTestFinished } from 'vitest'
import { httpAnchor } from '../src/index.js'
import { serveStore } from './store.js'
import { checkpointOf, noProof, origin, signal } from './support.js'

async function store(before?: Parameters<typeof serveStore>[0]) {
  const served = await serveStore(before)
  onTestFinished(() => void served.close())
  return served
}

const failure = (message: string) => ({
  code: 'TRAILPROOF_ANCHOR_FAILED',
  message: expect.stringContaining(message),
})

it('checkpoints are put under their origin and size, and the newest comes back', async () => {
  const { url, kept, seen } = await store()
  const anchor = httpAnchor({ url: `${url}/a/`, headers: { authorization: 'of the test' } })
  expect(await anchor.latest!(origin, signal())).toBeUndefined()
  for (const size of [9, 10, 100]) {
    const { time } = await anchor.publish(checkpointOf(size), noProof, signal())
    expect(Math.abs(time!.getTime() - Date.now())).toBeLessThan(60_000)
  }
  expect([...kept.keys()][0]).toBe(`/a/${originFileName(origin)}/00000000000000000009`)
  expect(seen.slice(0, 2)).toEqual(['GET  of the test', 'GET  of the test'])
  expect(seen.slice(2)).toEqual(Array(3).fill('PUT * of the test'))
  expect(await anchor.latest!(origin, signal())).toBe(checkpointOf(100).note)
})

it('what is there already is compared: the same is fine, another tree is a contradiction', async () => {
  const { url } = await store()
  const anchor = httpAnchor({ url })
  await anchor.publish(checkpointOf(9), noProof, signal())
  expect((await anchor.publish(checkpointOf(9), noProof, signal())).files).toEqual([])
  await expect(anchor.publish(checkpointOf(9, 99), noProof, signal())).rejects.toMatchObject({
    code: 'TRAILPROOF_ANCHOR_CONFLICT',
  })
})

it.each<[string, (res: ServerResponse) => void, string]>([
  ['an error', (res) => res.writeHead(500).end(), 'answered 500'],
  ['a refusal', (res) => res.writeHead(403).end(), 'answered 403'],
  ['a redirect', (res) => res.writeHead(307, { location: 'http://127.0.0.1:1/' }).end(), 'did not come through'],
  ['an answer without end', (res) => res.writeHead(200).end(Buffer.alloc(70_000)), 'longer than 65536 bytes'],
  ['a page', (res) => res.writeHead(412).end('<html>'), 'refuses a checkpoint that it has not'],
])('%s is a failure, and credentials stay where they are', async (_, answer, message) => {
  const { url } = await store((req, res) => {
    if (req.method === 'PUT') answer(res)
    return req.method === 'PUT'
  })
  await expect(httpAnchor({ url }).publish(checkpointOf(9), noProof, signal())).rejects.toMatchObject(failure(message))
})

it('a newest checkpoint that is none is a failure, and so is a server that hangs or is gone', async () => {
  const { url, close } = await store((req, res) => {
    if (!req.url!.includes('hangs')) res.end('<html>')
    return true
  })
  await expect(httpAnchor({ url }).latest!(origin, signal())).rejects.toMatchObject(failure('is no checkpoint'))
  const hangs = httpAnchor({ url: `${url}/hangs` })
  await expect(hangs.latest!(origin, AbortSignal.timeout(50))).rejects.toMatchObject(failure('did not come through'))
  await close()
  await expect(httpAnchor({ url }).latest!(origin, signal())).rejects.toMatchObject(failure('did not come through'))
})

it.each(['', 'ftp://x', 'https://a:b@x', 'https://x?y', 'https://x#y'])('"%s" is no address of an anchor', (url) => {
  expect(() => httpAnchor({ url })).toThrow(expect.objectContaining({ code: 'TRAILPROOF_OPTION_INVALID' }))
})
