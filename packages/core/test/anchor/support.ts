// An anchor in memory that obeys, and waiting for what happens beside the log.
import type { Anchor, AnchorCheckpoint } from '../../src/index.js'

export class MemoryAnchor implements Anchor {
  readonly kind = 'memory'
  readonly notes: AnchorCheckpoint[] = []
  calls = 0
  mode: 'work' | 'fail' | 'hang' = 'work'
  /** What hangs returns when this is called. */
  letGo: () => void = () => {}

  constructor(readonly name = 'elsewhere') {}

  get sizes(): number[] {
    return this.notes.map(({ size }) => size)
  }

  async publish(checkpoint: AnchorCheckpoint) {
    this.calls++
    if (this.mode === 'fail') throw new Error('connection refused')
    if (this.mode === 'hang')
      await new Promise<void>((resolve) => {
        this.letGo = resolve
      })
    this.notes.push(checkpoint)
    return { files: [{ name: `${this.name}-${checkpoint.size}.receipt`, bytes: Buffer.from('seen') }] }
  }

  async latest(origin: string) {
    if (this.mode === 'hang') return new Promise<undefined>(() => {})
    if (this.mode === 'fail') throw new Error('connection refused')
    return this.notes.findLast((one) => one.origin === origin)?.note
  }
}

/** Polls until it is so; a loaded machine may take its time. */
export async function eventually(isSo: () => boolean): Promise<void> {
  const end = Date.now() + 15_000
  while (!isSo()) {
    if (Date.now() > end) throw new Error('it did not come to pass within 15 seconds')
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}
