// The bare system calls: the same bytes in appends of 64 KiB, each followed by fdatasync.
import { closeSync, fdatasyncSync, openSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { input, report } from './audit.mjs'

const { dir, bytes } = input
const fd = openSync(join(dir, 'raw'), 'a')
const block = Buffer.alloc(65_536, 'x')
const begun = performance.now()
for (let left = bytes; left > 0; left -= block.length) {
  writeSync(fd, block, 0, Math.min(left, block.length))
  fdatasyncSync(fd)
}
const seconds = (performance.now() - begun) / 1000
closeSync(fd)
report({ seconds })
