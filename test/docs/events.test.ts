// docs/events.md is generated; drift fails here.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { CATALOGUE } from '@trailproof/core'
import { expect, it } from 'vitest'
import { eventsPage } from '../../scripts/events-doc.mjs'

it('docs/events.md says what the catalogue says', () => {
  const page = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'events.md'), 'utf8')
  expect(page, 'run: npm run build && node scripts/events-doc.mjs').toBe(eventsPage(CATALOGUE))
})
