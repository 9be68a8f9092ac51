// How much to do: EFFORT=full runs the stated counts, anything else the quick ones.

/** @returns `full` when EFFORT is `full`, else `quick` */
export function effort(quick: number, full: number): number {
  return process.env['EFFORT'] === 'full' ? full : quick
}
