// What is run against what: the lowest and the newest release of each library that is hooked, and each Node that is supported.

/** What an application has beside the library whose versions are tried; the newest of each. */
const BESIDE = {
  express: {
    express: '5.3.0',
    'express-session': '1.19.0',
    jsonwebtoken: '9.0.3',
    passport: '0.7.0',
    'passport-local': '1.0.0',
  },
  koa: {
    koa: '3.3.0',
    '@koa/router': '15.7.0',
    'koa-bodyparser': '4.4.1',
    'koa-passport': '6.0.0',
    'koa-session': '7.0.2',
    jsonwebtoken: '9.0.3',
    'passport-local': '1.0.0',
  },
  nest: {
    ...nest('11.2.10'),
    'express-session': '1.19.0',
    jsonwebtoken: '9.0.3',
    passport: '0.7.0',
    'passport-local': '1.0.0',
    'reflect-metadata': '0.2.2',
    rxjs: '7.8.2',
  },
}

/** Of Nest, by major release. */
const NEWEST = { 10: '10.4.22', 11: '11.2.10', 12: '12.5.0' }

const NEST = { 'reflect-metadata': '0.2.2', rxjs: '7.8.2' }

BESIDE.graphql = { ...NEST, '@apollo/server': '5.5.1', graphql: '16.15.0' }
BESIDE.microservice = { ...NEST }
BESIDE.fastify = { ...NEST, jsonwebtoken: '9.0.3' }

/** What of Nest goes together, by the release of the package whose name stands in the row. */
const TOGETHER = {
  '@nestjs/core': nest,
  '@nestjs/graphql': (version) => ({
    ...nest(NEWEST[version.startsWith('13.') ? 11 : 12]),
    '@nestjs/apollo': version,
    '@nestjs/graphql': version,
    '@as-integrations/express5': '1.1.2',
  }),
  '@nestjs/platform-fastify': (version) => {
    const [major] = version.split('.')
    return { ...nest(NEWEST[major]), '@nestjs/platform-fastify': version }
  },
  '@nestjs/microservices': (version) => ({
    ...nest(NEWEST[version.startsWith('11.') ? 11 : 12]),
    '@nestjs/microservices': version,
  }),
}

function nest(version) {
  return { '@nestjs/common': version, '@nestjs/core': version, '@nestjs/platform-express': version }
}

/** Ours, by application: `@trailproof/auto` attaches what they export. */
const OURS = ['core', 'tlog', 'express', 'koa', 'passport', 'jwt', 'sessions', 'auto']

const LIBRARIES = [
  { app: 'express', library: 'express', versions: ['4.17.3', '4.22.3', '5.0.1', '5.3.0'] },
  { app: 'express', library: 'passport', versions: ['0.6.0', '0.7.0'] },
  { app: 'express', library: 'jsonwebtoken', versions: ['8.5.1', '9.0.0', '9.0.3'] },
  { app: 'express', library: 'express-session', versions: ['1.17.3', '1.19.0'] },
  { app: 'koa', library: 'koa', versions: ['2.13.4', '2.16.4', '3.0.3', '3.3.0'] },
  { app: 'koa', library: 'koa-session', versions: ['6.4.0', '7.0.2'] },
  { app: 'koa', library: 'koa-passport', versions: ['6.0.0'] },
  { app: 'nest', library: '@nestjs/core', versions: ['10.0.5', '10.4.22', '11.0.21', '11.2.10', '12.0.4', '12.5.0'] },
  { app: 'fastify', library: '@nestjs/platform-fastify', versions: ['10.4.22', '11.2.8', '12.5.0'] },
  { app: 'graphql', library: '@nestjs/graphql', versions: ['13.4.5', '14.0.3'] },
  { app: 'microservice', library: '@nestjs/microservices', versions: ['11.2.6', '12.1.1'] },
]

/** Of these the newest runs on every Node, and the lowest and newest in `.ci/run`. */
const FRAMEWORK = ['express', 'koa', '@nestjs/core']

export const NODES = ['20', '22', '24', '26']

/**
 * @typedef {object} Row
 * @property {string} app - `express`, `koa` or `nest`, in test/auto/apps
 * @property {string} library
 * @property {string} version
 * @property {Record<string, string>} dependencies - exact versions
 * @property {string[]} ours - folders of packages/
 * @property {string[]} nodes - major releases
 * @property {boolean} fast - `.ci/run` runs it too
 */

/** @type {Row[]} every library on the Node that runs this, the newest of each framework on every Node */
export const ROWS = LIBRARIES.flatMap(({ app, library, versions }) =>
  versions.map((version, index) => ({
    app,
    library,
    version,
    dependencies: {
      ...BESIDE[app],
      ...(TOGETHER[library]?.(version) ?? { [library]: version }),
    },
    ours: library.startsWith('@nestjs/') ? [...OURS, 'nestjs'] : OURS,
    nodes: FRAMEWORK.includes(library) && index === versions.length - 1 ? NODES : [],
    fast: FRAMEWORK.includes(library) && (index === 0 || index === versions.length - 1),
  })),
)
