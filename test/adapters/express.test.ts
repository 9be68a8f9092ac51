// The adapter of Express keeps the contract, on both versions it supports.
import { adapterContract } from '@trailproof/testkit'
import express from 'express'
import express4 from 'express4'
import { describe, expect, it } from 'vitest'
import { expressShop, libraries } from './apps/express.js'

for (const [name, framework] of [
  ['Express 5', express],
  ['Express 4', express4],
] as const)
  adapterContract(
    {
      name,
      libraries,
      create: (shop, audit) => expressShop({ express: framework as typeof express }, shop, audit),
    },
    { describe, it: (title, body) => it(title, body), expect },
  )
