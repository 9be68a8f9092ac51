// One thing that was looked at. `id` is for machines and stays.

export interface StorageCheck {
  id: string
  status: 'ok' | 'warn' | 'fail'
  detail: string
  /** What to do; empty when nothing is to be done. */
  fix: string
}

export const ok = (id: string, detail: string): StorageCheck => ({ id, status: 'ok', detail, fix: '' })
export const warn = (id: string, detail: string, fix: string): StorageCheck => ({ id, status: 'warn', detail, fix })
export const fail = (id: string, detail: string, fix: string): StorageCheck => ({ id, status: 'fail', detail, fix })
