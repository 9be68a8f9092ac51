// Two runs of the scenario, made comparable: dates, ids, secrets and the audit's device cookie aside, answers must be equal.

const JWT = /eyJ[\w-]+\.[\w-]+\.[\w-]*/g

/** @param {Awaited<ReturnType<import('./scenario.mjs').runScenario>>} results */
export function comparable(results) {
  return results.map(({ name, answers }) => ({ name, answers: answers.map(comparableAnswer) }))
}

function comparableAnswer({ browser, method, path, status, headers, body }) {
  const { date: _date, 'set-cookie': cookies = [], ...rest } = headers
  if (/eyJ/.test(body)) delete rest.etag // a hash of the tokens
  return {
    request: `${browser} ${method} ${path}`,
    status,
    headers: rest,
    cookies: cookies.filter((line) => !/^(__Host-)?tp_device=/.test(line)).map(comparableCookie),
    body: body.replace(JWT, '<token>'),
  }
}

const comparableCookie = (line) =>
  line.replace(/=s%3A[^;]+/, '=<session>').replace(/Expires=(?!Thu, 01 Jan 1970)[^;]+/, 'Expires=<date>')
