// How the shop answers: pages for people, JSON for programs, and errors that show nothing internal.

import { STATUS_CODES } from 'node:http'
import { httpError } from '@trailproof/example-express-shop/lib/http.js'
import { messagePage } from '@trailproof/example-express-shop/lib/page.js'

export { httpError }

const wantsPage = (ctx) => ctx.accepts(['json', 'html']) === 'html'

/** Sends a browser on to a page, and a program its answer. */
export function answer(ctx, { redirect, json }) {
  if (!wantsPage(ctx)) ctx.body = json
  else {
    ctx.redirect(redirect)
    ctx.status = 303
  }
}

/** Sends a browser a page, and a program the same as JSON. */
export function show(ctx, { page, json }) {
  if (wantsPage(ctx)) ctx.type = 'html'
  ctx.body = wantsPage(ctx) ? page() : json
}

/** Lets only signed-in people pass; with a role, only those who have it. */
export function requireRole(role) {
  return function roleGuard(ctx, next) {
    if (!ctx.isAuthenticated()) throw httpError(401)
    if (role && ctx.state.user.role !== role) throw httpError(403)
    return next()
  }
}

export const requireUser = requireRole(undefined)

export function notFound() {
  throw httpError(404)
}

/** Honours `err.status`, so that a refusal by the audit (503) reaches the client as what it is. */
export async function answerErrors(ctx, next) {
  try {
    await next()
  } catch (err) {
    const status = err.status >= 400 && err.status < 600 ? err.status : 500
    if (status === 500) console.error(err.stack)
    const error = STATUS_CODES[status] ?? 'Error'
    ctx.status = status
    show(ctx, { page: () => messagePage(error), json: { error } })
  }
}
