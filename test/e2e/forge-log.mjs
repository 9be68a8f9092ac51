// A thief with the folder and the signing key: writes given lines as a log of the same name, genuinely signed.
// node forge-log.mjs <file of lines> <log folder> <signing.key> <vkey>; shares no code with the product.
import { createHash, createPrivateKey, sign } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const [file, log, keyFile, vkey] = process.argv.slice(2)
const sha256 = (...parts) => parts.reduce((hash, part) => hash.update(part), createHash('sha256')).digest()

function rootOf(leaves) {
  if (leaves.length === 1) return leaves[0]
  let k = 1
  while (k * 2 < leaves.length) k *= 2
  return sha256(Buffer.of(1), rootOf(leaves.slice(0, k)), rootOf(leaves.slice(k)))
}

const lines = readFileSync(file, 'utf8')
const leaves = lines
  .split('\n')
  .slice(0, -1)
  .map((line) => sha256(Buffer.of(0), line))
const [origin, id] = vkey.split('+')
const text = `${origin}\n${leaves.length}\n${rootOf(leaves).toString('base64')}\n`
const signature = sign(null, Buffer.from(text), createPrivateKey(readFileSync(keyFile)))
const note = `${text}\n\u2014 ${origin} ${Buffer.concat([Buffer.from(id, 'hex'), signature]).toString('base64')}\n`

mkdirSync(join(log, 'seg'))
writeFileSync(join(log, 'seg', `${'0'.repeat(20)}.jsonl`), lines)
mkdirSync(join(log, 'tile', '0', '000.p'), { recursive: true })
writeFileSync(join(log, 'tile', '0', '000.p', `${leaves.length}`), Buffer.concat(leaves))
writeFileSync(join(log, 'checkpoint'), note)
writeFileSync(join(log, 'checkpoints.log'), note)
