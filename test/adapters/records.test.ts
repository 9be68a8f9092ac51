// The records of the contract's list, as data: what an Express 5 application leaves is what the file says, line by line.
// `WRITE_RECORDS=1 npx vitest run test/adapters/records.test.ts` writes it anew; read the difference before it is committed.
import { readFileSync, writeFileSync } from 'node:fs'
import { playScenario, SCENARIOS } from '@trailproof/testkit'
import express from 'express'
import { expect, it } from 'vitest'
import { expressShop, libraries } from './apps/express.js'

const FILE = new URL('../../packages/testkit/src/adapter/records.ts', import.meta.url)
const HEAD = `// What each scenario of the list leaves, whatever the framework: whole records, after what may differ is named or left out.
// Written by test/adapters/records.test.ts from Express 5, and read by people; the facts in the scenarios are by hand.
// biome-ignore-all format: one record, one line
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: data
export const RECORDS: Readonly<Record<string, readonly unknown[]>> = {
`

it('the file of records is what Express 5 leaves, and holds nothing else', async () => {
  let text = HEAD
  for (const [title, scenario] of Object.entries(SCENARIOS)) {
    const create = (shop: never, audit: never) => expressShop({ express }, shop, audit)
    const { comparable } = await playScenario({ create, libraries } as never, scenario, true)
    const lines = comparable.map((record) => `    ${JSON.stringify(record)},\n`).join('')
    text += `  ${JSON.stringify(title)}: [${lines && `\n${lines}  `}],\n`
  }
  text += '}\n'
  if (process.env['WRITE_RECORDS']) writeFileSync(FILE, text)
  expect(readFileSync(FILE, 'utf8')).toBe(text)
}, 60_000)
