// Anchors: places that keep signed checkpoints where neither the application nor the log store can change them.
export { folderAnchor, folderSource } from './folder.js'
export { type HttpAnchorOptions, httpAnchor } from './http.js'
export { type TimestampAnchorOptions, timestampAnchor } from './rfc3161/anchor.js'
export { timestampSource } from './rfc3161/source.js'
export * from './witness/index.js'
