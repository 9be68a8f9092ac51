// Two folders under one root that both say they are the same log. An origin belongs to one log, so one of them is a copy, or
// another history under the same name: whoever reads the root can no longer tell which is meant.
import { basename } from 'node:path'
import type { LogReport } from './report.js'

interface Twin {
  folder: string
  report: LogReport
}

export class Twins {
  readonly #byOrigin = new Map<string, Twin[]>()

  /** @param folder - without links: two names of one folder are one log */
  add(origin: string | undefined, folder: string, report: LogReport): void {
    if (origin === undefined || origin === '') return
    this.#byOrigin.set(origin, [...(this.#byOrigin.get(origin) ?? []), { folder, report }])
  }

  /** Sets down a problem with each log that is not the only one of its origin. */
  report(): void {
    for (const [origin, twins] of this.#byOrigin) {
      const folders = new Set(twins.map(({ folder }) => folder))
      if (folders.size < 2) continue
      const names = [...folders].map((folder) => basename(folder)).join(' and ')
      for (const { report } of twins)
        report.problems.push({ kind: 'forked', index: 0, detail: `${names} both say that they are the log ${origin}` })
    }
  }
}
