// The projects: each kind of application that there is, with the settings that its users have.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

const STRICT = {
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  skipLibCheck: false,
  esModuleInterop: true,
  target: 'es2022',
  types: ['node'],
}

/** @param folder where the packages are installed */
export function projects(folder) {
  const tool = (...path) => join(folder, 'node_modules', ...path)
  return [
    { name: 'esm', source: 'esm', commands: [], log: 'shop.js', thread: true },
    { name: 'cjs', source: 'cjs', commands: [], log: 'shop.js', thread: true },
    { name: 'mixed', source: 'mixed', commands: [], log: 'shop.js', thread: true },
    ...['node16', 'nodenext'].flatMap((module) =>
      ['module', 'commonjs'].map((type) => compiled({ tool, module, moduleResolution: module, type })),
    ),
    ...[
      ['module', 'esnext', 'esm'],
      ['commonjs', 'preserve', 'cjs'],
    ].map(([type, module, format]) => bundled({ tool, type, module, format })),
    { name: 'jest', source: 'jest', commands: [{ title: 'ts-jest', args: [tool('jest', 'bin', 'jest.js'), '--ci'] }] },
  ]
}

function compiled({ tool, module, moduleResolution, type }) {
  return {
    name: `typescript-${moduleResolution}-${type}`,
    source: 'typescript',
    files: settings(type, { module, moduleResolution, outDir: 'out', declaration: true }),
    commands: [{ title: 'compiles', args: [tool('typescript', 'bin', 'tsc'), '-p', '.'] }],
    log: join('out', 'shop.js'),
    thread: true,
  }
}

/** Bundled into one file, the script of the log's thread is not there: the log is written on the main thread. */
function bundled({ tool, type, module, format }) {
  const outside = ['express', 'express-session', 'jsonwebtoken', 'passport', 'passport-local']
  return {
    name: `typescript-bundler-${type}`,
    source: 'typescript',
    files: settings(type, { module, moduleResolution: 'bundler', noEmit: true }),
    commands: [
      { title: 'compiles', args: [tool('typescript', 'bin', 'tsc'), '-p', '.'] },
      {
        title: 'is bundled',
        args: [
          tool('esbuild', 'bin', 'esbuild'),
          'shop.ts',
          '--bundle',
          '--platform=node',
          `--format=${format}`,
          '--outfile=out/shop.js',
          ...outside.map((name) => `--external:${name}`),
        ],
      },
    ],
    log: join('out', 'shop.js'),
    thread: false,
  }
}

const settings = (type, options) => (at) => {
  writeFileSync(join(at, 'package.json'), JSON.stringify({ private: true, type }))
  const config = { compilerOptions: { ...STRICT, ...options }, files: ['shop.ts'] }
  writeFileSync(join(at, 'tsconfig.json'), JSON.stringify(config))
}
