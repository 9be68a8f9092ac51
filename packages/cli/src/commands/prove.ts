// `trailproof prove`
import { writeFile } from 'node:fs/promises'
import { proveRecord, TrailproofError } from '@trailproof/core'
import { tellFinding } from '../finding.js'
import { keyFileOrText } from '../key-option.js'
import { oneLog } from '../one-log.js'
import { print, printJson } from '../output.js'
import { safe } from '../terminal.js'

export interface ProveCommand {
  out?: string
  key: string[]
  json?: boolean
}

export async function prove(path: string, index: number, { out, key, json }: ProveCommand): Promise<number> {
  return tellFinding(json, async () => {
    const { text, line, origin, size } = await proveRecord(await oneLog(path), index, { keys: key.map(keyFileOrText) })
    if (out !== undefined) await save(out, text)
    const facts = { origin, index, size }
    if (json) await printJson({ ok: true, ...facts, proof: text, record: Buffer.from(line).toString() })
    else if (out === undefined) await print(text)
    else await print(`${safe(out)}: record ${index} of ${safe(origin)}, under its checkpoint of ${size} records\n`)
    return 0
  })
}

async function save(out: string, text: string): Promise<void> {
  try {
    await writeFile(out, text)
  } catch (cause) {
    throw new TrailproofError('TRAILPROOF_OPTION_INVALID', `${safe(out)}: ${(cause as NodeJS.ErrnoException).code}`, {
      hint: 'name a file that can be written',
      cause,
    })
  }
}
