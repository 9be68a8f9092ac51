// Text from a log is text from strangers: a user agent may hold colours, cursor moves, line breaks, or marks that turn the
// direction of writing. None of them may reach the terminal.

// Controls (C0, DEL, C1), line and paragraph separators, direction marks, zero-width and other invisible characters.
const UNSAFE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Surrogate}]/gu

/** One line, every unsafe character shown as `·`, cut at `max` characters. */
export function safe(value: unknown, max = 200): string {
  if (value === undefined || value === null) return ''
  const text = (typeof value === 'string' ? value : JSON.stringify(value)).slice(0, 4 * max).replace(UNSAFE, '·')
  return [...text].length > max ? `${[...text].slice(0, max - 1).join('')}…` : text
}

/** Pads to a column; a longer text keeps its place and pushes the rest. */
export const column = (text: string, width: number): string => text.padEnd(width)
