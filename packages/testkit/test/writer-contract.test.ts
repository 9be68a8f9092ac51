import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { fileWriter } from '../../core/src/writers/file/file-writer.js'
import { memoryWriter } from '../../core/src/writers/memory.js'
import { CrashDisk, failNth } from '../src/crash-disk.js'
import { writerContract } from '../src/writer-contract.js'

const runner = { describe, it, expect }

writerContract(
  {
    name: 'memoryWriter',
    create() {
      const writer = memoryWriter()
      return { writer, reopen: () => writer, lines: (slot) => writer.logs.findLast((log) => log.slot === slot)!.lines }
    },
  },
  runner,
)

writerContract(
  {
    name: 'fileWriter',
    create() {
      const dir = mkdtempSync(join(tmpdir(), 'trailproof-'))
      return {
        writer: fileWriter(dir, { segmentRecords: 256 }),
        reopen: () => fileWriter(dir, { segmentRecords: 256 }),
        lines: (slot) =>
          segmentLines(readdirSync(join(dir, slot, 'seg')), (name) =>
            readFileSync(join(dir, slot, 'seg', name), 'utf8'),
          ),
        cleanup: () => rmSync(dir, { recursive: true }),
      }
    },
  },
  runner,
)

writerContract(
  {
    name: 'fileWriter on a disk that fails',
    create() {
      const disk = new CrashDisk()
      const writer = () => fileWriter('/audit', { disk, segmentRecords: 256 })
      return {
        writer: writer(),
        reopen: writer,
        lines: (slot) =>
          segmentLines(disk.list(`/audit/${slot}/seg`)!, (name) =>
            disk.readFile(`/audit/${slot}/seg/${name}`).toString(),
          ),
        failNext(how) {
          disk.fault = failNth(1, ({ op }) => op === 'sync', how === 'refused' ? { error: 'EIO' } : { lost: 'EIO' })
        },
      }
    },
  },
  runner,
)

/** Lines as a reader takes them: a later segment wins over what an earlier one has too much. */
function segmentLines(names: string[], read: (name: string) => string): string[] {
  const lines: string[] = []
  for (const name of names.sort()) {
    lines.length = Number(name.slice(0, 20))
    lines.push(...read(name).split('\n').slice(0, -1))
  }
  return lines
}
