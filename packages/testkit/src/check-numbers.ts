// Proves that a log tells of every observation: each running number `n` up to the last heartbeat of a process is recorded,
// declared (by a roll-up, a sample, or the heartbeat) or counted in what was dropped. Read afresh from the lines alone.

interface Range {
  first: number
  last: number
  left: number
}

/** One process: from its `audit.started` to the next one. */
class Run {
  readonly recorded = new Set<number>()
  readonly ranges: Range[] = []
  /** The newest number that a heartbeat has told of: what comes later may have been lost in a crash. */
  told = 0
  dropped = 0
  counted = 0
  seen = 0
}

/** @throws Error naming the first number that nobody tells of, or the declaration that tells of too many */
export function checkNumbers(lines: Iterable<string>): void {
  let run: Run | undefined
  for (const line of lines) {
    const record = JSON.parse(line) as Seen
    if (record.event === 'audit.started') {
      if (run) judge(run)
      run = new Run()
    }
    if (run) read(run, record)
  }
  if (run) judge(run)
}

interface Seen {
  event?: string
  seq?: number
  n?: unknown
  declared?: Told
  data?: { n?: number; none?: Told[]; by_event?: Record<string, number>; counts?: Record<string, { dropped: number }> }
}

interface Told {
  count: number
  first_n: number
  last_n: number
}

function read(run: Run, { event, seq, n, declared, data }: Seen): void {
  if (typeof n === 'number') {
    if (run.recorded.has(n)) fail(`line ${seq} repeats the number ${n}`)
    run.recorded.add(n)
    run.seen = Math.max(run.seen, n)
  }
  for (const told of [...(declared ? [declared] : []), ...(event === 'audit.heartbeat' ? (data?.none ?? []) : [])]) {
    run.ranges.push({ first: told.first_n, last: told.last_n, left: told.count })
    run.seen = Math.max(run.seen, told.last_n)
  }
  if (event === 'audit.dropped')
    for (const [name, count] of Object.entries(data?.by_event ?? {}))
      if (!name.startsWith('audit.')) run.dropped += count
  if (event === 'audit.heartbeat') {
    run.told = data?.n ?? 0
    run.counted = Object.values(data?.counts ?? {}).reduce((sum, { dropped }) => sum + dropped, 0)
  }
}

function judge(run: Run): void {
  const ranges = run.ranges.sort((a, b) => a.first - b.first)
  const open: Range[] = []
  const untold: number[] = []
  let next = 0
  // Each missing number goes to the declaration that ends first, among those whose range it is in: if any way of giving
  // them out works, this one does.
  for (let n = 1; n <= Math.max(run.seen, run.told); n++) {
    for (; ranges[next] && ranges[next]!.first <= n; next++) open.push(ranges[next]!)
    if (run.recorded.has(n)) continue
    const range = open.filter(({ last, left }) => left > 0 && last >= n).sort((a, b) => a.last - b.last)[0]
    if (range) range.left--
    else untold.push(n)
    for (let i = open.length - 1; i >= 0; i--) if (open[i]!.last <= n) open.splice(i, 1)
  }
  const over = ranges.find(({ left }) => left > 0)
  if (over) fail(`${over.left} more are declared between the numbers ${over.first} and ${over.last} than are missing`)
  const lost = untold.filter((n) => n <= run.told)
  const dropped = Math.max(run.dropped, run.counted)
  if (lost.length > dropped)
    fail(`the number ${lost[0]} is neither recorded nor declared (${lost.length} are not, ${dropped} were dropped)`)
}

function fail(problem: string): never {
  throw new Error(`checkLog: ${problem}`)
}
