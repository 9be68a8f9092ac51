// Runs variants in turns, each time in a process of its own, so that none warms the other and a noisy minute hits all.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { median } from './median.mjs'

/**
 * @param variants - by name, `[subject, input]`: a script in subjects/, and what it is told
 * @param rounds - counted; each begins with another variant, so that none always follows the same one
 * @returns by name, the results of all rounds. `dir` in an input is a fresh folder, removed afterwards
 */
export async function alternate(variants, { rounds, dir }) {
  const names = Object.keys(variants)
  const results = Object.fromEntries(names.map((name) => [name, []]))
  for (let round = 0; round < rounds; round++)
    for (let i = 0; i < names.length; i++) {
      const name = names[(i + round) % names.length]
      const [subject, input] = variants[name]
      results[name].push(await runSubject(subject, input, dir))
    }
  return results
}

/** Runs one subject in its own process; its last line of output is its result, as JSON. */
export async function runSubject(subject, input, dir) {
  const own = join(dir, 'subject')
  mkdirSync(own, { recursive: true })
  try {
    const script = fileURLToPath(new URL(`./subjects/${subject}.mjs`, import.meta.url))
    const child = spawn(process.execPath, [script, JSON.stringify({ dir: own, ...input })], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    let output = ''
    child.stdout.setEncoding('utf8').on('data', (text) => {
      output += text
    })
    const [status, signal] = await once(child, 'close')
    if (status !== 0) throw new Error(`bench/subjects/${subject}.mjs ended with ${signal ?? status}`)
    return JSON.parse(output.trim().split('\n').at(-1))
  } finally {
    rmSync(own, { recursive: true, force: true })
  }
}

/** Median over the rounds of `pick(a) / pick(b)`, each with its neighbour of the same round. */
export const ratioOf = (a, b, pick) => median(a.map((one, round) => pick(one) / pick(b[round])))

export const medianOf = (results, pick) => median(results.map(pick))
