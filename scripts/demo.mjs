// `npm run demo`: prepares the clone, then plays the shop, its visitors and its attacker (scripts/demo/).
import { prepare } from './prepare.mjs'

prepare()
const { demo } = await import('./demo/demo.mjs')
process.exitCode = await demo(process.argv.slice(2))
