import { createHmac } from 'node:crypto'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { Hmac } from '../../src/privacy/hmac.js'

// RFC 4231 sections 4.2, 4.3 and 4.7: keys shorter than a hash, of words, and longer than a block.
it.each([
  [Buffer.alloc(20, 0x0b), 'Hi There', 'b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7'],
  [
    Buffer.from('Jefe'),
    'what do ya want for nothing?',
    '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
  ],
  [
    Buffer.alloc(131, 0xaa),
    'Test Using Larger Than Block-Size Key - Hash Key First',
    '60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54',
  ],
])('is the one of RFC 4231 (%#)', (key, text, hex) => {
  expect(Buffer.from(new Hmac(key).of(text, 'latin1'), 'latin1').toString('hex')).toBe(hex)
})

it('is what node makes of any key and text, one after the other', () => {
  const text = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 50 }),
    fc.string({ unit: 'binary', minLength: 1300, maxLength: 5000, size: 'max' }),
  )
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 130 }), fc.array(text, { maxLength: 5 }), (key, texts) => {
      const hmac = new Hmac(key)
      for (const one of texts)
        expect(hmac.of(one, 'base64url')).toBe(createHmac('sha256', key).update(one).digest('base64url'))
    }),
  )
})
