// What the package exports.
export * from './witness/index.js'
