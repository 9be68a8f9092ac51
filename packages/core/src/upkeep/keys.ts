// Keys: there, and for their owner only.
import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { fail, ok, type StorageCheck, warn } from './check.js'

const FROM_ENVIRONMENT = ['TRAILPROOF_ROOT_KEY', 'TRAILPROOF_SIGNING_KEY']

/** `keys`: there, and for their owner only; read as the environment of this process tells. */
export function keyChecks(dir: string, env: NodeJS.ProcessEnv = process.env): StorageCheck[] {
  if (FROM_ENVIRONMENT.every((name) => env[name])) return [ok('keys', 'the keys are in the environment')]
  let names: string[]
  try {
    names = readdirSync(dir)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT')
      return [fail('keys', `${dir} cannot be read by this user`, 'run doctor as the user of the application')]
    const missing = `there is no key folder ${dir}`
    if (env['NODE_ENV'] === 'production')
      return [fail('keys', `${missing}; in production none is made silently`, `run trailproof keygen --dir ${dir}`)]
    return [
      warn(
        'keys',
        `${missing}; one will be made at the first start`,
        `for production run trailproof keygen --dir ${dir}, or name the folder with --keys`,
      ),
    ]
  }
  if (!names.some((name) => name.endsWith('.key')))
    return [fail('keys', `${dir} holds no keys`, `run trailproof keygen --dir ${dir}`)]
  const open = [dir, ...names.filter((name) => !name.endsWith('.pub')).map((name) => join(dir, name))].filter(isOpen)
  if (open.length === 0 && names.includes('signing.next.key') && names.includes('signing.key'))
    return [
      warn(
        'keys',
        `${dir} holds two signing keys: a rotation is under way`,
        `restart the service, then trailproof keygen --dir ${dir} --retire <path of the logs>`,
      ),
    ]
  if (open.length === 0) return [ok('keys', `${dir} is there, for its owner only`)]
  return [
    fail(
      'keys',
      `others than the owner may read or change ${open.join(', ')}`,
      `chmod 700 ${dir}; chmod 600 the files in it; if others may have read a key, make new ones`,
    ),
  ]
}

const isOpen = (path: string): boolean => (statSync(path).mode & 0o077) !== 0
