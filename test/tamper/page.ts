// The matrix as the tables of docs/threat-model.md.
import type { Answer, Attack, Attacker } from './attack.js'
import { EVIDENCE } from './evidence.js'
import { MATRIX } from './matrix.js'

const ATTACKERS: readonly Attacker[] = [
  'owns a user account',
  'writes the log folder, without the key',
  'writes the log folder, with the key',
  'owns the application server',
]

/** What stands between the two marks of the page. */
export function matrixTables(): string {
  const head = '| he … | folder and key say | and with … |\n|---|---|---|\n'
  const tables = ATTACKERS.map(
    (who) =>
      `### Who ${who}\n\n${head}${MATRIX.filter((row) => row.who === who)
        .map(rowOf)
        .join('\n')}\n`,
  )
  const evidence = Object.entries(EVIDENCE).map(([name, how]) => `| ${name} | ${how} |`)
  return `${tables.join('\n')}\n### What was at hand\n\n| name above | how one asks |\n|---|---|\n${evidence.join('\n')}\n`
}

function rowOf({ does, locally, with: others = {}, remark }: Attack): string {
  const rest = Object.entries(others).map(([name, answer]) => `${name}: ${words(answer)}`)
  return `| ${does}${remark ? `. _${remark}_` : ''} | ${words(locally)} | ${rest.join('<br>') || '–'} |`
}

function words(answer: Answer): string {
  if (answer.says === 'nothing') return '**not found**'
  if (answer.says === 'fact') return answer.fact
  return `${answer.says === 'note' ? 'note ' : ''}\`${answer.kind}\`: ${answer.where}`
}
