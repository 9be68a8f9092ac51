// What kind of event a record is of, as it stands in the line: the same few over and over.
import type { Observation } from '../adapter.js'
import { lookUp } from './catalogue.js'
import { quote } from './json.js'
import { Fragment } from './line-writer.js'

/** `,"event":…,"outcome":…,"severity":…` by event, for those that leave the last two to the catalogue. */
const usual = new Map<string, Fragment>()

/** The fragment that says what happened, and how grave it is. */
export function kindOf({ event, outcome, severity }: Observation): Fragment {
  const asUsual = outcome === undefined && severity === undefined
  const known = asUsual ? usual.get(event) : undefined
  if (known !== undefined) return known
  const entry = lookUp(event)
  const kind = new Fragment(
    `,"event":${quote(event)},"outcome":"${outcome ?? entry.outcome}","severity":${severity ?? entry.severity}`,
  )
  if (asUsual && usual.size < 1000) usual.set(event, kind)
  return kind
}
