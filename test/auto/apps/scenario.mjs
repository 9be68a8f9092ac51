// The visitor: plays the same requests against any of the applications, from the same process, and tells what was answered.
import { createServer } from 'node:http'

const body = (value) => ({
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(value),
})

/** Headers that differ between any two runs. */
const PASSING = ['date', 'set-cookie', 'connection', 'keep-alive']

export async function play(listener) {
  const server = createServer(listener)
  await new Promise((done) => server.listen(0, '127.0.0.1', done))
  const answers = await visit(`http://127.0.0.1:${server.address().port}`)
  await new Promise((done) => {
    server.close(done)
    server.closeAllConnections()
  })
  return answers
}

export async function visit(base) {
  const answers = []
  let cookie = ''
  const ask = async (path, options = {}) => {
    const response = await fetch(`${base}${path}`, {
      redirect: 'manual',
      ...options,
      headers: { ...options.headers, ...(cookie && { cookie }) },
    })
    const set = response.headers.getSetCookie().map((line) => line.split(';', 1)[0])
    const session = set.filter((pair) => !pair.includes('tp_device'))
    if (session.length && path === '/login') cookie = session.join('; ')
    const headers = Object.fromEntries([...response.headers].filter(([name]) => !PASSING.includes(name)))
    const said = await response.text()
    const text = said.replace(/"token":"[^"]*"/, '"token":"…"') // it says when it was issued
    if (text !== said) delete headers.etag
    answers.push({
      path,
      status: response.status,
      headers,
      text,
      cookies: session.map((pair) => pair.split('=', 1)[0]),
    })
  }
  await ask('/login', body({ username: 'ann', password: 'wrong' }))
  await ask('/login', body({ username: 'ann', password: 'right' }))
  await ask('/me')
  await ask('/admin')
  await ask('/boom')
  await ask('/logout', { method: 'POST' })
  await ask('/me')
  await ask('/nowhere')
  return answers
}
