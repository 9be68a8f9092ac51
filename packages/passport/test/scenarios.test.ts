// Every scenario, on Express 5 and 4 and on passport 0.7 and 0.6: the application answers the same with the hook as without,
// and leaves its records.
import { describe, expect, test } from 'vitest'
import { SCENARIOS } from './scenarios.js'
import { EXPRESS, PASSPORT, plain, play } from './stage.js'

const SETS = Object.entries(EXPRESS).flatMap(([express, framework]) =>
  Object.entries(PASSPORT).map(([passport, passports]) => [`${express}, ${passport}`, framework, passports] as const),
)

describe.each(SETS)('on %s', (_name, express, passports) => {
  test.each(Object.entries(SCENARIOS))('%s', async (_title, scenario) => {
    const without = await play(express, scenario, 'off', undefined, passports)
    const withHook = await play(express, scenario, 'on', undefined, passports)
    expect({ answers: withHook.answers, trace: withHook.trace }).toEqual({
      answers: without.answers,
      trace: without.trace,
    })
    expect(without.seen).toEqual([])
    expect(plain(withHook.seen)).toEqual(scenario.records)
  })
})
