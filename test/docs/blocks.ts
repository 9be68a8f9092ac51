// Code blocks of a Markdown page, in order.

export interface Block {
  language: string
  code: string
  line: number
}

export function blocksOf(markdown: string): Block[] {
  return [...markdown.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)].map((m) => ({
    language: m[1]!,
    code: m[2]!,
    line: markdown.slice(0, m.index).split('\n').length,
  }))
}
