import { createAudit, fileWriter } from '@trailproof/core'
import { auditExpress } from '@trailproof/express'
import { auditSession } from '@trailproof/sessions'
import express from 'express'
import session from 'express-session'

export const audit = createAudit({ service: 'shop', writer: fileWriter('./audit') })
export const app = express()

app.use(auditExpress(audit)) // first: address, device, and the response that waits for its records
app.use(auditSession(audit, session)({ secret: 'from your environment', resave: false, saveUninitialized: false }))

app.get('/login', (req, res, next) => {
  req.session.regenerate((error) => {
    if (error) return next(error)
    req.session.save((failed) => (failed ? next(failed) : res.send('hello')))
  })
})
app.get('/logout', (req, res) => req.session.destroy(() => res.send('bye')))
