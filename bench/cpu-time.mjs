// CPU used by this process: by its main thread, and by all threads together. Microseconds.
import { readFileSync } from 'node:fs'

/** How the main thread's time is read here. */
export const mainThreadClock = (() => {
  try {
    readMain()
    return 'schedstat'
  } catch {
    return 'event loop utilization (wall time of the busy loop, since there is no schedstat)'
  }
})()

// The main thread's number is the process's. First field: nanoseconds on a CPU.
function readMain() {
  return Number(readFileSync(`/proc/self/task/${process.pid}/schedstat`, 'latin1').split(' ')[0]) / 1000
}

export function cpuClock() {
  const { user, system } = process.cpuUsage()
  const main = mainThreadClock === 'schedstat' ? readMain() : performance.eventLoopUtilization().active * 1000
  return { main, all: user + system }
}

/** @returns CPU since `begun`, for each of `count` */
export function cpuSince(begun, count) {
  const now = cpuClock()
  return { main: (now.main - begun.main) / count, all: (now.all - begun.all) / count }
}
