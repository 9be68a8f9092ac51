// What the project says it uses, against what is hooked: an ES module that was loaded cannot be listed, its name can.
import { readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { KNOWN_LIBRARIES } from '@trailproof/core'
import { type Check, warn } from './check.js'
import type { Covered } from './coverage.js'

/** Which of our packages watches a library, and how its hook is called. */
const WATCHED: Record<string, { by: string[]; hooks: string[] }> = {
  express: { by: ['@trailproof/express', '@trailproof/nestjs'], hooks: ['express', 'nestjs'] },
  koa: { by: ['@trailproof/koa'], hooks: ['koa'] },
  '@nestjs/core': { by: ['@trailproof/nestjs'], hooks: ['nestjs', 'express'] },
  passport: { by: ['@trailproof/passport'], hooks: ['passport'] },
  'koa-passport': { by: ['@trailproof/passport'], hooks: ['passport'] },
  jsonwebtoken: { by: ['@trailproof/jwt'], hooks: ['jwt'] },
  'express-session': { by: ['@trailproof/sessions'], hooks: ['express-session'] },
  'koa-session': { by: ['@trailproof/sessions'], hooks: ['koa-session'] },
}

/** @param path where the logs are: the project is the folder above */
export function projectChecks(path: string, covered: readonly Covered[]): Check[] {
  const dependencies = dependenciesOf(dirname(resolve(path)))
  const told = covered.flatMap(({ hooks }) => (hooks ? Object.keys(hooks) : []))
  const found = new Set(covered.flatMap(({ unhooked }) => unhooked.map(({ library }) => library)))
  const isWatched = (library: string) => {
    const { by, hooks } = WATCHED[library] ?? { by: [], hooks: [] }
    // Without a word of a process, what is installed is all there is to go by.
    if (!covered.some(({ hooks }) => hooks))
      return [...by, ...(by.length ? ['@trailproof/auto'] : [])].some((name) => dependencies.includes(name))
    return hooks.some((hook) => told.includes(hook))
  }
  return dependencies
    .filter((name) => Object.hasOwn(KNOWN_LIBRARIES, name) && !found.has(name) && !isWatched(name))
    .map((name) => warn('project', `package.json names ${name}, and nothing watches it`, KNOWN_LIBRARIES[name]!))
}

function dependenciesOf(project: string): string[] {
  try {
    const { dependencies = {} } = JSON.parse(readFileSync(join(project, 'package.json'), 'utf8')) as {
      dependencies?: Record<string, string>
    }
    return Object.keys(dependencies)
  } catch {
    return []
  }
}
