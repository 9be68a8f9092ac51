// Receipts below anchors/ are copies, one or two files for each time an anchor has answered: half a million a year. So they are
// thinned out: the newest all stay, older ones at even distances, and the first of all, which says since when.
import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'

/** Checkpoints of one anchor whose receipts stay. */
const NEWEST = 500
const OLDER = 500
/** A folder that was filled before takes several turns. */
const AT_ONCE = 100

/**
 * Which of these files may go. A file belongs to the checkpoint whose size stands in its name (`tsa-00000000000000000500.tsr`);
 * others are not ours to judge, and stay.
 *
 * @returns names, those of one checkpoint one after the other: the answer before what was answered
 */
export function superfluousReceipts(names: readonly string[]): string[] {
  const anchors = new Map<string, Map<string, string[]>>()
  for (const name of names) {
    const parts = /^(.*-)(\d{20})([a-z0-9-]*)(?:\.[a-z]+)?$/.exec(name)
    if (!parts) continue
    const sizes = anchors.get(`${parts[1]}${parts[3]}`) ?? new Map<string, string[]>()
    anchors.set(`${parts[1]}${parts[3]}`, sizes)
    sizes.set(parts[2]!, [...(sizes.get(parts[2]!) ?? []), name])
  }
  return [...anchors.values()].flatMap((sizes) => {
    const all = [...sizes.keys()].sort()
    const gone: string[] = []
    while (all.length > NEWEST + OLDER && gone.length < AT_ONCE) gone.push(...all.splice(leastMissed(all), 1))
    return gone.flatMap((size) => sizes.get(size)!.sort().reverse())
  })
}

/** Among the older ones but the first: the place where the gap that is left is the smallest. */
function leastMissed(sizes: readonly string[]): number {
  let [least, at] = [Number.POSITIVE_INFINITY, 1]
  for (let i = 1; i < sizes.length - NEWEST; i++) {
    const gap = Number(sizes[i + 1]) - Number(sizes[i - 1])
    if (gap < least) [least, at] = [gap, i]
  }
  return at
}

/** @param folder - `anchors/` of a log */
export async function pruneReceipts(folder: string): Promise<void> {
  for (const name of superfluousReceipts(await readdir(folder))) await rm(join(folder, name), { force: true })
}
