// Every scenario, on Express 5 and 4: the application answers the same with the hook as without, and leaves its records.
import { describe, expect, test } from 'vitest'
import { SCENARIOS } from './scenarios.js'
import { EXPRESS, plain, play } from './stage.js'

describe.each(Object.entries(EXPRESS))('on %s', (_name, express) => {
  test.each(Object.entries(SCENARIOS))('%s', async (_title, scenario) => {
    const without = await play(express, scenario, 'off')
    const withHook = await play(express, scenario, 'on')
    expect({ answers: withHook.answers, trace: withHook.trace }).toEqual({
      answers: without.answers,
      trace: without.trace,
    })
    expect(without.seen).toEqual([])
    expect(plain(withHook.seen)).toEqual(scenario.records)
  })
})
