// The command line of Trailproof. `bin/trailproof.js` calls `main`; nothing else is promised.
export { main } from './main.js'
