// Nest on platform-express against the contract: the same facts leave the same records as in every other framework.
import { adapterContract } from '@trailproof/testkit'
import { describe, expect, it } from 'vitest'
import { libraries } from './apps/express.js'
import { nestShop } from './apps/nest.js'

adapterContract(
  { name: 'Nest, platform-express', libraries, create: nestShop },
  { describe, it: (title, body) => it(title, body), expect },
)
