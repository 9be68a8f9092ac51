// The adapter of Express keeps the contract, on both versions it supports, and with both of passport.
import { adapterContract } from '@trailproof/testkit'
import express from 'express'
import express4 from 'express4'
import passport from 'passport'
// @ts-expect-error an alias of passport 0.6, without types of its own
import passport06 from 'passport06'
import { describe, expect, it } from 'vitest'
import { expressShop, libraries } from './apps/express.js'

for (const [name, framework, library, preloaded] of [
  ['Express 5', express, passport, false],
  ['Express 4', express4, passport, false],
  ['Express 5 with passport 0.6', express, passport06, false],
  ['Express 5, by auditExpressApps', express, passport, true],
  ['Express 4, by auditExpressApps', express4, passport, true],
] as const)
  adapterContract(
    {
      name,
      libraries,
      create: (shop, audit) =>
        expressShop({ express: framework as typeof express, passport: library as never, preloaded }, shop, audit),
    },
    { describe, it: (title, body) => it(title, body), expect },
  )
