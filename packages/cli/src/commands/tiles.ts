// `trailproof tiles`
import { exportTiles, type TilesExport } from '@trailproof/core'
import { tellFinding } from '../finding.js'
import { keyFileOrText } from '../key-option.js'
import { oneLog } from '../one-log.js'
import { ProgressLine, print, printJson } from '../output.js'
import { safe } from '../terminal.js'

export interface TilesCommand {
  out: string
  key: string[]
  json?: boolean
}

export async function tiles(path: string, { out, key, json }: TilesCommand): Promise<number> {
  return tellFinding(json, async () => {
    const progress = new ProgressLine()
    const made = await exportTiles(await oneLog(path), out, {
      keys: key.map(keyFileOrText),
      onProgress: ({ log, lines, bytes }) =>
        progress.show(() => `${safe(log, 40)}: ${lines} records, ${Math.round(bytes / 1e6)} MB`),
    }).finally(() => progress.clear())
    if (json) await printJson({ ok: true, ...made })
    else await print(readable(out, made))
    return 0
  })
}

function readable(out: string, { origin, size, root, before, written, trust }: TilesExport): string {
  const whose =
    trust === 'key' ? 'the key you gave' : "the log's own key, which proves nothing against whoever holds it"
  return [
    `${safe(out)}: the tiles of ${safe(origin)}`,
    `  records      ${size}${before > 0 && before < size ? `, ${size - before} more than before` : ''}`,
    `  root         ${root}`,
    `  written      ${written} tiles and bundles; every record was hashed again and gives the signed root`,
    `  signed by    ${whose}`,
    '',
  ].join('\n')
}
