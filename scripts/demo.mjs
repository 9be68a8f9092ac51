// `npm run demo`: prepares the clone, then plays the shop, its visitors and its attacker (scripts/demo/).
import { prepare } from './prepare.mjs'

process.env.NODE_ENV = 'development' // keys are made as they are needed
prepare()
const { demo } = await import('./demo/demo.mjs')
process.exitCode = await demo(process.argv.slice(2))
