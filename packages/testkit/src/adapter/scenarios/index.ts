// The one list that every framework plays.
import type { Scenario } from '../scenario.js'
import { ACCESS } from './access.js'
import { CLIENT } from './client.js'
import { SESSION } from './session.js'
import { SIGN_IN } from './sign-in.js'
import { TOKEN } from './token.js'

/** Scenarios by title. */
export const SCENARIOS: Readonly<Record<string, Scenario>> = { ...SIGN_IN, ...SESSION, ...ACCESS, ...TOKEN, ...CLIENT }
