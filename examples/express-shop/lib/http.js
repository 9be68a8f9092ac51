// How the shop answers: pages for people, JSON for programs, and errors that show nothing internal.

import { STATUS_CODES } from 'node:http'
import { messagePage } from './page.js'

const wantsPage = (req) => req.accepts(['json', 'html']) === 'html'

/** Sends a browser on to a page, and a program its answer. */
export function answer(req, res, { redirect, json }) {
  if (wantsPage(req)) return res.redirect(303, redirect)
  return res.json(json)
}

/** Sends a browser a page, and a program the same as JSON. */
export function show(req, res, { page, json }) {
  if (wantsPage(req)) return res.type('html').send(page())
  return res.json(json)
}

/** An error that the client sees as `status` and nothing else. */
export function httpError(status) {
  return Object.assign(new Error(STATUS_CODES[status]), { status })
}

/** Lets only signed-in people pass; with a role, only those who have it. */
export function requireRole(role) {
  return function roleGuard(req, _res, next) {
    if (!req.isAuthenticated()) return next(httpError(401))
    if (role && req.user.role !== role) return next(httpError(403))
    return next()
  }
}

export const requireUser = requireRole(undefined)

export function notFound(_req, _res, next) {
  next(httpError(404))
}

/** Honours `err.status`, so that a refusal by the audit (503) reaches the client as what it is. */
export function handleError(err, req, res, next) {
  if (res.headersSent) return next(err)
  const status = err.status >= 400 && err.status < 600 ? err.status : 500
  if (status === 500) console.error(err.stack)
  const error = STATUS_CODES[status] ?? 'Error'
  res.status(status)
  return show(req, res, { page: () => messagePage(error), json: { error } })
}
