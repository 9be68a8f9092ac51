// A disk that an answer cannot rely on, for what policy does then.
import { memoryWriter, type Writer } from '@trailproof/core'

/** A memory writer whose disk can fail or hang. */
export function troubled() {
  const memory = memoryWriter()
  const disk = { state: 'well' as 'well' | 'failing' | 'hanging' }
  const writer: Writer = {
    ...memory,
    lease(service) {
      const lease = memory.lease(service)
      return {
        ...lease,
        async open(request) {
          const log = await lease.open(request)
          return {
            ...log,
            append(batch) {
              if (disk.state === 'failing') return Promise.reject(new Error('ENOSPC'))
              if (disk.state === 'hanging') return new Promise(() => {})
              return log.append(batch)
            },
          }
        },
      }
    },
  }
  return { writer, disk, lines: () => memory.logs.flatMap((log) => log.lines) }
}
