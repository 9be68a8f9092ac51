// Wrong use is told at construction, with what was probably meant.
import { createAudit, fileWriter, memoryKeys, memoryWriter } from '@trailproof/core'
import { audited } from '@trailproof/express'
import { auditSession } from '@trailproof/sessions'
import { memoryAudit } from '@trailproof/testkit'
import session from 'express-session'
import passport from 'passport'
import { expect, it } from 'vitest'

it.each<[string, () => unknown, RegExp]>([
  [
    'an unknown option of fileWriter',
    () => fileWriter('./audit', { segmentRecord: 256 } as never),
    /did you mean "segmentRecords"\?/,
  ],
  [
    'an unknown option of audited',
    () => audited('invoice.exported' as never, { targt: 1 } as never),
    /did you mean "target"\?/,
  ],
  [
    'a service that is a number',
    () => createAudit({ service: 5 as never, writer: memoryWriter(), keys: memoryKeys() }),
    /"service" must be a name/,
  ],
])('%s', (_, use, hint) => {
  expect(use).toThrow(
    expect.objectContaining({ code: 'TRAILPROOF_OPTION_INVALID', message: expect.stringMatching(hint) }),
  )
})

it('auditSession refuses what is not the express-session factory', async () => {
  const { audit, close } = memoryAudit()
  const made = session({ secret: 'of the test', resave: false, saveUninitialized: false })
  for (const wrong of [passport, made, {}])
    expect(() => auditSession(audit, wrong as never)).toThrow(
      expect.objectContaining({ code: 'TRAILPROOF_HOOK_UNSUPPORTED' }),
    )
  await close()
})
