// What the package exports of witness/.
export type { Anchor, AnchorCheckpoint } from './anchor.js'
export { generateWitnessKey, readWitnessKey, type WitnessKey } from './key.js'
export type { WitnessAnchorOptions, WitnessesAnchorOptions } from './options.js'
export { witnessServer } from './server.js'
export { WitnessState } from './state.js'
export { type Contradiction, Witness, type WitnessOptions } from './witness.js'
export { witnessAnchor, witnessesAnchor } from './witness-anchor.js'
