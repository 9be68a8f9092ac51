// File names for sizes: 20 digits, so that their order as text is their order as numbers.

export const sizeName = (size: number): string => String(size).padStart(20, '0')

/** The size that a name says; undefined when it says none. */
export function sizeOf(name: string): number | undefined {
  const size = /^\d{20}$/.test(name) ? Number(name) : Number.NaN
  return Number.isSafeInteger(size) ? size : undefined
}
