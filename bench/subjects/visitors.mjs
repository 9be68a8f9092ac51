// People who sign in at the shop of sign-in.mjs.
import { Agent, request } from 'node:http'

const { port, count } = JSON.parse(process.argv[2])
const AGENT = 'Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0'
const agent = new Agent({ keepAlive: true, maxSockets: 16 })
let next = 0

await Promise.all(
  Array.from({ length: 16 }, async () => {
    for (let i = next++; i < count; i = next++) await signIn({ username: `user-${i % 200}`, password: 'bench' })
  }),
)
agent.destroy()

function signIn(body) {
  return new Promise((resolve, reject) => {
    const text = JSON.stringify(body)
    const headers = { 'content-type': 'application/json', 'content-length': text.length, 'user-agent': AGENT }
    request({ port, host: '127.0.0.1', method: 'POST', path: '/login', agent, headers }, (res) => {
      if (res.statusCode !== 200) reject(new Error(`status ${res.statusCode}`))
      res.resume().on('end', resolve)
    })
      .on('error', reject)
      .end(text)
  })
}
