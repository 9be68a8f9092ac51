// Audit records as a table for a terminal: one line each, cut so that columns align, the outcome in colour.

const COLOURS = { success: 32, failure: 33, denied: 31, error: 35, unknown: 90 }
const BOLD = 1
const GAP = ' '
const SOURCES = { socket: 'sock', framework: 'fw', forwarded: 'fwd' }

// `most` is what a column takes when there is room, `least` what it keeps when there is not.
const COLUMNS = [
  { title: 'seq', least: 3, most: 6, right: true, of: (r) => r.seq },
  { title: 'time', least: 12, most: 12, of: (r) => r.time?.slice(11, 23) },
  { title: 'event', least: 17, most: 26, of: (r) => r.event },
  { title: 'outcome', least: 7, most: 7, of: (r) => r.outcome, colour: (r) => COLOURS[r.outcome] },
  { title: 'reason', least: 12, most: 18, of: (r) => r.reason },
  { title: 'who', least: 8, most: 12, of: who },
  { title: 'how', least: 5, most: 10, of: (r) => r.auth?.strategy ?? r.auth?.method },
  { title: 'address', least: 10, most: 15, of: (r) => r.client?.ip },
  { title: 'via', least: 4, most: 4, of: (r) => SOURCES[r.client?.ip_source] ?? r.client?.ip_source },
  { title: 'device', least: 7, most: 10, of: (r) => r.client?.device },
  { title: 'request', least: 18, most: 34, of: (r) => r.http && `${r.http.method ?? ''} ${r.http.route ?? ''}`.trim() },
]

/** What the abbreviations of the table mean, to be printed below it. */
export const legend =
  'time: UTC · who: account ref, ?name as typed (keyed) · via: address from the socket, the framework (fw) or a trusted forwarded header (fwd)'

/**
 * @param {object[]} records - as they stand in the log (DESIGN 4)
 * @param {object} [options]
 * @param {number} [options.columns] - width of the terminal; a narrower table is not filled up
 * @param {boolean} [options.colour] - default: on a terminal, unless NO_COLOR is set
 * @returns {string} without a newline at the end
 */
export function renderTable(records, { columns = 120, colour = wantsColour() } = {}) {
  const rows = records.map((record) => COLUMNS.map((column) => printable(column.of(record))))
  const widths = fit(rows, columns)
  const paint = (text, code) => (colour && code ? `\x1b[${code}m${text}\x1b[0m` : text)
  const line = (cells, codeOf) =>
    cells
      .map((cell, i) => paint(align(cell, widths[i], COLUMNS[i].right), codeOf(COLUMNS[i])))
      .join(GAP)
      .trimEnd()

  const titles = COLUMNS.map(({ title }) => title)
  return [
    line(titles, () => BOLD),
    ...rows.map((cells, i) => line(cells, (column) => column.colour?.(records[i]))),
  ].join('\n')
}

/** An account by its ref, else the name that was typed, marked as a mere claim. */
function who({ actor }) {
  if (actor?.ref) return actor.ref
  return actor?.claimed ? `?${actor.claimed}` : actor?.type
}

// Routes and reasons can hold what a client sent: no control character may reach the terminal.
const printable = (value) => String(value ?? '·').replace(/[^\x20-\x7e·]/g, '?')

/** Widths that hold the content, then shrink where there is most to give until the line fits. */
function fit(rows, columns) {
  const widths = COLUMNS.map(({ title, most }, i) => {
    const longest = rows.reduce((longest, cells) => Math.max(longest, cells[i].length), title.length)
    return Math.min(most, longest)
  })
  const spare = (i) => widths[i] - COLUMNS[i].least
  let over = widths.reduce((sum, width) => sum + width + GAP.length, -GAP.length) - columns
  for (; over > 0; over--) {
    const widest = widths.reduce((best, _, i) => (spare(i) > spare(best) ? i : best), 0)
    if (spare(widest) <= 0) break
    widths[widest]--
  }
  return widths
}

function align(text, width, right) {
  const cut = text.length > width ? `${text.slice(0, width - 1)}…` : text
  return right ? cut.padStart(width) : cut.padEnd(width)
}

const wantsColour = () => process.stdout.isTTY === true && !process.env.NO_COLOR
