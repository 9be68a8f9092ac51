// Libraries that one line hooks, in whichever file it stands.
import { importOf, type Project } from './project.js'

const HOOKS = {
  passport: { library: ['passport', 'koa-passport'], adapter: '@trailproof/passport', hook: 'auditPassport' },
  jwt: { library: ['jsonwebtoken'], adapter: '@trailproof/jwt', hook: 'auditJwt' },
}

export interface Hooked {
  library: string
  /** The local name, and how it is imported. */
  name: string
  form: string
  adapter: string
  hook: string
}

/** Libraries that one line hooks, wherever they are used; named as the project names them. */
export function hookedLibraries({ dependencies, sources }: Project): Hooked[] {
  return Object.values(HOOKS).flatMap(({ library, adapter, hook }) =>
    library
      .filter((name) => dependencies.has(name) && !(name === 'passport' && dependencies.has('koa-passport')))
      .map((name) => {
        const known = sources.map((source) => importOf(source, name)).find((one) => one !== undefined)
        const local = known ?? { name: name.replace('koa-', ''), form: name.replace('koa-', '') }
        return { library: name, ...local, adapter, hook }
      }),
  )
}
