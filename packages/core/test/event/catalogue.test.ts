// The catalogue against the published vocabularies.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { isEventName, lookUp } from '../../src/event/catalogue.js'
import { CATALOGUE, type CatalogueEntry } from '../../src/index.js'

const entries = Object.entries(CATALOGUE) as [string, CatalogueEntry][]
const data = new URL('../../../../../shared/data/', import.meta.url)
const there = existsSync(data)
if (!there) console.log(`skipped: the published vocabularies are not at ${data.pathname}`)
const json = (path: string) => JSON.parse(readFileSync(new URL(path, data), 'utf8'))

it('names are names, codes are unique and never change form, and every event says what it means', () => {
  for (const [name, { code, meaning, severity }] of entries) {
    expect([name, isEventName(name)]).toEqual([name, true])
    expect(code).toMatch(/^TP1\d{3}$/)
    expect(meaning).toMatch(/^[A-Z].{10,}[^.]$/)
    expect(severity).toBeGreaterThanOrEqual(1)
    expect(severity).toBeLessThanOrEqual(6)
  }
  expect(new Set(entries.map(([, { code }]) => code)).size).toBe(entries.length)
})

it('a name of the application is informational and succeeds, also one that objects have by themselves', () => {
  for (const name of ['invoice.exported', 'constructor', '__proto__'])
    expect(lookUp(name)).toEqual({ outcome: 'success', severity: 1 })
  for (const name of ['', 'a', 'A.b', 'a.', '.a', 'a..b', 'a.1', `a.${'b'.repeat(63)}`, 'a b.c', 5])
    expect(isEventName(name)).toBe(false)
})

describe.skipIf(!there)('as others name it', () => {
  it('every OCSF class and activity exists in 1.8.0', () => {
    const schemas = readdirSync(new URL('ocsf/1.8.0/', data)).filter((file) => file.endsWith('.schema.json'))
    for (const [name, { ocsf }] of entries) {
      const file = schemas.find((schema) => schema.startsWith(`${ocsf[0]}-`))
      expect([name, ocsf, file && json(`ocsf/1.8.0/${file}`).properties.activity_id.enum.includes(ocsf[1])]).toEqual([
        name,
        ocsf,
        true,
      ])
    }
  })

  it('what OCSF has an activity for is not "other"', () => {
    const activity = (name: keyof typeof CATALOGUE) => CATALOGUE[name].ocsf
    expect([
      activity('mfa.enrolled'),
      activity('mfa.removed'),
      activity('account.locked'),
      activity('account.unlocked'),
    ]).toEqual([
      [3001, 10],
      [3001, 11],
      [3001, 9],
      [3001, 12],
    ])
  })

  it('every OWASP name exists', () => {
    const known = new Set(json('owasp/logging-vocabulary.json').events.map(({ event }: { event: string }) => event))
    for (const [name, { owasp }] of entries)
      expect([name, owasp, owasp === undefined || known.has(owasp)]).toEqual([name, owasp, true])
  })

  it('every ECS category exists, with a type that ECS expects in it', () => {
    const { allowed_values: allowed } = json('ecs/ecs-9.4.0-fields.min.json')
    for (const [name, { ecs }] of entries) {
      const [category, type] = ecs
      expect([name, category, type, allowed['event.category'][category]?.expected_event_types.includes(type)]).toEqual([
        name,
        category,
        type,
        true,
      ])
    }
  })
})
