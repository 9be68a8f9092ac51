// The tamper matrix: every attack that is tested, in the order of the page.
import type { Attack } from './attack.js'
import { host } from './rows/host.js'
import { keys } from './rows/keys.js'
import { lines } from './rows/lines.js'
import { signatures } from './rows/signatures.js'
import { wholes } from './rows/whole.js'

export const MATRIX: readonly Attack[] = [...lines, ...signatures, ...wholes, ...keys, ...host]
