// JSON text made directly: a record is written once, member by member, and never stands in between as an object.

/** Texts that stand in JSON as they are. */
const AS_IT_IS = /^[\x20\x21\x23-\x5b\x5d-\x7e]*$/

/** Characters that JSON lets through and that a terminal obeys: C1 controls, line separators, changes of direction. */
const OBEYED = /[\u007f-\u009f\u061c\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]/g

/** A text as a JSON string: one line, and nothing in it that a terminal would obey. */
export function quote(text: string): string {
  return AS_IT_IS.test(text) ? `"${text}"` : JSON.stringify(text).replace(OBEYED, escaped)
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
}

/** `,"key":"text"`, or nothing. Members begin with their comma, so that any of them may be missing. */
export function textMember(key: string, text: string | undefined): string {
  return text === undefined ? '' : `,"${key}":${quote(text)}`
}

/** `,"key":json`, or nothing. */
export function member(key: string, json: string | undefined): string {
  return json === undefined ? '' : `,"${key}":${json}`
}

/** `,"key":{…}` around members, or nothing around none. */
export function objectMember(key: string, members: string): string {
  return members === '' ? '' : `,"${key}":{${members.slice(1)}}`
}
