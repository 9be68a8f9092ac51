// What `node --require @trailproof/auto` loads. Whatever goes wrong here, the application starts.
const { fileURLToPath, pathToFileURL } = require('node:url')
try {
  const { start } = require('./dist/cjs/start.js')
  start({ here: pathToFileURL(__filename).href, load: (url) => require(fileURLToPath(url)) })
} catch (error) {
  console.error(`trailproof: TRAILPROOF_INTERNAL: ${error?.message}; the application runs without an audit`)
}
