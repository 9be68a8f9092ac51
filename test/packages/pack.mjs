// The tarballs that would be published.
import { spawnSync } from 'node:child_process'
import { mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { npmCommand, quietEnv, root } from '../../scripts/prepare.mjs'

/** What may be in a package; everything else is ours alone. */
const PUBLISHED =
  /^(package\.json|README\.md|LICENSE|bin\/[\w.-]+\.js|register\.[cm]js|adapter\/package\.json|dist\/.+\.(js|d\.ts|json))$/

/** @returns paths of the tarballs of all packages, in `into` */
export function packAll(into) {
  mkdirSync(into)
  return readdirSync(join(root, 'packages')).map((name) => {
    const [command, ...first] = npmCommand()
    const { status, stdout, stderr } = spawnSync(
      command,
      [...first, 'pack', '--json', '--ignore-scripts', '--loglevel=error', '--pack-destination', into],
      { cwd: join(root, 'packages', name), encoding: 'utf8', env: quietEnv },
    )
    if (status !== 0) throw new Error(`npm pack of ${name}: ${stderr}`)
    const said = JSON.parse(stdout)
    const { filename, files } = Array.isArray(said) ? said[0] : Object.values(said)[0]
    const paths = files.map(({ path }) => path)
    const strange = paths.filter((path) => !PUBLISHED.test(path) || path.includes('tsbuildinfo'))
    if (strange.length) throw new Error(`${name} would publish ${strange.slice(0, 5).join(', ')}`)
    for (const wanted of ['LICENSE', 'README.md', 'dist/esm/index.js', 'dist/cjs/index.js', 'dist/cjs/package.json'])
      if (!paths.includes(wanted)) throw new Error(`${name} would be published without ${wanted}`)
    return join(into, filename)
  })
}
