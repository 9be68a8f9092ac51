import { Socket } from 'node:net'
import v8 from 'node:v8'
import { expect, it } from 'vitest'
import { Shadows } from '../../src/http/shadows.js'

v8.setFlagsFromString('--allow-natives-syntax')
const isFast = new Function('object', 'return %HasFastProperties(object)') as (object: object) => boolean

it('leaves the object its shape: what V8 keeps as a dictionary is slow for the rest of its life', () => {
  const get = () => 0
  const own = new Socket()
  for (let i = 0; i < 3; i++) {
    const shadows = new Shadows(own)
    shadows.cover('write', { value: () => i, writable: true })
    shadows.cover('end', { value: () => i, writable: true })
    shadows.cover('writableLength', { get })
    expect(own.writableLength).toBe(0)
    shadows.lift()
    expect(Object.getOwnPropertyNames(own)).not.toContain('write')
    expect(isFast(own)).toBe(true)
  }
  own.destroy()
})

it('puts back what was there', () => {
  const write = () => 'theirs'
  const target = Object.assign(Object.create({ end: () => 'inherited' }), { write }) as {
    write(): unknown
    end(): unknown
  }
  const shadows = new Shadows(target)
  shadows.cover('write', { value: () => 'ours', writable: true })
  shadows.cover('end', { value: () => 'ours', writable: true })
  expect([target.write(), target.end()]).toEqual(['ours', 'ours'])
  expect([shadows.below('write', []), shadows.below('end', [])]).toEqual(['theirs', 'inherited'])
  shadows.lift()
  expect([target.write(), target.end(), Object.keys(target)]).toEqual(['theirs', 'inherited', ['write']])
})
