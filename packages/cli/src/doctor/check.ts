// One finding of the doctor. `id` is for machines and stays.

import type { StorageCheck } from '@trailproof/core'

export interface Check extends StorageCheck {
  /** The log it is about, where it is about one. */
  log?: string
}

export const ok = (id: string, detail: string): Check => ({ id, status: 'ok', detail, fix: '' })
export const warn = (id: string, detail: string, fix: string): Check => ({ id, status: 'warn', detail, fix })
export const fail = (id: string, detail: string, fix: string): Check => ({ id, status: 'fail', detail, fix })

/** `3 s`, `5 min`, `2 h`, `4 days` */
export function span(ms: number): string {
  const s = Math.max(0, ms) / 1000
  if (s < 120) return `${Math.round(s)} s`
  if (s < 7200) return `${Math.round(s / 60)} min`
  return s < 172_800 ? `${Math.round(s / 3600)} h` : `${Math.round(s / 86_400)} days`
}
