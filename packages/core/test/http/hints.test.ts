// Low-entropy client hints: known names only, in one form.
import { expect, it } from 'vitest'
import { clientHints } from '../../src/http/hints.js'

const CHROME = '"Chromium";v="140", "Not=A?Brand";v="24", "Google Chrome";v="140"'

it.each<[name: string, headers: Record<string, string>, hints: object | undefined]>([
  ['none', { 'user-agent': 'curl/8.5.0' }, undefined],
  [
    'those of Chrome on Linux, without the brand that it makes up',
    { 'sec-ch-ua': CHROME, 'sec-ch-ua-mobile': '?0', 'sec-ch-ua-platform': '"Linux"' },
    { brands: ['Chromium 140', 'Google Chrome 140'], mobile: false, platform: 'Linux' },
  ],
  [
    'those of Edge on a phone',
    {
      'sec-ch-ua': '"Microsoft Edge";v="141", "Not?A_Brand";v="8", "Chromium";v="141"',
      'sec-ch-ua-mobile': '?1',
      'sec-ch-ua-platform': '"Android"',
    },
    { brands: ['Microsoft Edge 141', 'Chromium 141'], mobile: true, platform: 'Android' },
  ],
  ['one of them', { 'sec-ch-ua-platform': '"Chrome OS"' }, { platform: 'Chrome OS' }],
  ['a password for a brand', { 'sec-ch-ua': '"hunter2";v="1"' }, undefined],
  ['a password for a platform', { 'sec-ch-ua-platform': '"hunter2"' }, undefined],
  ['a platform without its quotes', { 'sec-ch-ua-platform': 'Linux' }, undefined],
  ['a version that is none', { 'sec-ch-ua': '"Chromium";v="140; drop"' }, undefined],
  [
    'more brands than there are',
    { 'sec-ch-ua': Array(9).fill('"Chromium";v="1"').join(',') },
    { brands: Array(4).fill('Chromium 1') },
  ],
  ['too long', { 'sec-ch-ua': `${CHROME}${' '.repeat(600)}` }, undefined],
  ['no boolean', { 'sec-ch-ua-mobile': 'true' }, undefined],
])('%s', (_name, headers, hints) => {
  const json = clientHints(headers)
  expect(json && JSON.parse(json)).toEqual(hints)
})
