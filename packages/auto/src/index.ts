// Types alone: to import this package for its effect is what `node --import @trailproof/auto` does.
export type { AutoConfig, AutoHooks } from './config.js'
