// Koa 2 and 3 against the contract: the same facts leave the same records as in every other framework.
import { adapterContract } from '@trailproof/testkit'
import Koa from 'koa'
import Koa2 from 'koa2'
import { describe, expect, it } from 'vitest'
import { libraries } from './apps/express.js'
import { koaShop } from './apps/koa.js'

for (const [name, framework, preloaded] of [
  ['Koa 3', Koa, false],
  ['Koa 2', Koa2, false],
  ['Koa 3, by auditKoaApps', Koa, true],
  ['Koa 2, by auditKoaApps', Koa2, true],
] as const)
  adapterContract(
    { name, libraries, create: (shop, audit) => koaShop(framework as never, shop, audit, preloaded) },
    { describe, it: (title, body) => it(title, body), expect },
  )
