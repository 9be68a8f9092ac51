// What `node --import @trailproof/auto` loads. Whatever goes wrong here, the application starts.
try {
  const { start } = await import('./dist/esm/start.js')
  await start({ here: import.meta.url, load: (url) => import(url) })
} catch (error) {
  console.error(`trailproof: TRAILPROOF_INTERNAL: ${error?.message}; the application runs without an audit`)
}
