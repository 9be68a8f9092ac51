// Creating a log's folder. Nothing is acknowledged before each name on the way to it survives a power cut.
import { join } from 'node:path'
import { Frontier, TileEdge } from '@trailproof/tlog'
import { hasher } from '../../log/crypto.js'
import { CheckpointStore } from './checkpoints.js'
import type { Disk } from './disk.js'
import { ensureFolder, ensureFolders } from './durable.js'
import { QUARANTINE, SEGMENTS, segmentsAmong, TILES } from './layout.js'
import type { Recovered } from './recover.js'
import type { Steps } from './steps.js'
import { TileStore } from './tiles.js'
import { writeVkey } from './vkeys.js'

/**
 * Creates a log, or completes one whose creation was cut off. A crash anywhere leaves a folder without lines, which the
 * next opening completes; `log.vkey` comes last, so where it stands everything else does.
 */
export function* createLog(disk: Disk, folder: string, origin: string, publicKey: Uint8Array): Steps<Recovered> {
  yield* ensureFolders(disk, folder)
  for (const name of [SEGMENTS, TILES, QUARANTINE]) yield* ensureFolder(disk, join(folder, name))
  for (const { name } of segmentsAmong(disk.list(join(folder, SEGMENTS)) ?? []))
    disk.remove(join(folder, SEGMENTS, name)) // empty
  yield* writeVkey(disk, folder, origin, publicKey)
  return {
    head: { size: 0, frontier: new Frontier(hasher).hashes, signedSize: 0 },
    last: undefined,
    checkpoints: new CheckpointStore(disk, folder, 0, []),
    tiles: new TileStore(disk, folder, new TileEdge(hasher)),
  }
}
