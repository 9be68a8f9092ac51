import { defineConfig } from 'vitest/config'

// Packages are tested from source: the private condition `trailproof-source` points every workspace import at src/.
export default defineConfig({
  ssr: { resolve: { conditions: ['trailproof-source', 'module', 'node', 'development|production'] } },
  test: {
    include: ['packages/*/test/**/*.test.ts', 'test/**/*.test.ts'],
    // test/packages/projects are the projects of users: they run in copies, with packages installed from tarballs.
    exclude: ['**/node_modules/**', '**/dist/**', 'test/packages/projects/**'],
    testTimeout: 20_000,
    hookTimeout: 60_000,
    server: { deps: { inline: [/@trailproof\//, /^trailproof$/] } },
  },
})
