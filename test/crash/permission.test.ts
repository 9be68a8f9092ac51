// Node's permission model takes fsync and fdatasync away, whatever paths it allows. Nothing can be durable then.
import { execFileSync, spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { CORE } from './build.js'
import { useScene } from './scene.js'

const scene = useScene()
const flag = ['--permission', '--experimental-permission'].find(
  (name) => spawnSync(process.execPath, [name, '--version']).status === 0,
)!
const program = (dir: string) => `
  const { createAudit, fileWriter, memoryKeys } = await import(${JSON.stringify(CORE)})
  try {
    createAudit({ service: 'shop', writer: fileWriter(${JSON.stringify(dir)}), keys: memoryKeys() })
    console.log('made')
  } catch ({ code, message }) {
    console.log(code + ' ' + message)
  }
  process.exit()`

it('an audit cannot be made under it, and the error says why', () => {
  const dir = join(scene().folder, 'audit')
  const said = (...args: string[]) =>
    execFileSync(process.execPath, [...args, '--input-type=module', '-e', program(dir)], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    })
  const all = ['--allow-fs-read=*', '--allow-fs-write=*', '--allow-worker', '--allow-child-process']
  expect(said(flag, ...all)).toMatch(
    /^TRAILPROOF_FOLDER_UNWRITABLE .*(fdatasync|fsync) API is disabled .*permission model of Node .* forbids fdatasync/,
  )
  expect(said()).toBe('made\n')
})
