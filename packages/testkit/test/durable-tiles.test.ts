// Full tiles are written without fsync. What a power cut leaves of one may have its length and not its hashes.
import { describe, expect, it } from 'vitest'
import { CrashDisk } from '../src/crash-disk.js'
import { begin, prove, settleDown, World } from './sim.js'

const FOLDER = '/audit/shop-0'
const hint = (disk: CrashDisk) =>
  disk.list(FOLDER)!.includes('durable-tiles') ? disk.readFile(`${FOLDER}/durable-tiles`).toString() : undefined

/** One life: so many lines, with a synced checkpoint over each 500 of them. */
async function live(disk: CrashDisk, world: World, lines: number): Promise<void> {
  const life = begin(disk, world)
  await life.log.ready
  for (let left = lines; left > 0; left -= 500) {
    life.write(Math.min(500, left), 1)
    await life.log.checkpoint()
  }
  await settleDown(disk, life)
  await life.log.close()
}

const torn = (bytes: Buffer) => Buffer.concat([bytes.subarray(0, 512), Buffer.alloc(512), bytes.subarray(1024)])

describe('full tiles after a power cut', () => {
  for (const name of ['tile/0/000', 'tile/0/001'])
    it(`${name} of full length with a sector missing is made anew when the log is opened`, async () => {
      const [disk, world] = [new CrashDisk(), new World()]
      await live(disk, world, 1000)
      disk.tamper(`${FOLDER}/${name}`, torn)
      await live(disk, world, 1)
      expect(prove(disk, world).lines.length).toBe(1001)
    })

  it('those that a running log has made durable outlast it', async () => {
    const [disk, world] = [new CrashDisk(), new World()]
    await live(disk, world, 9000)
    expect(hint(disk)).toBe('8448\n')
    const cut = disk.crash()
    for (let tile = 0; tile < 32; tile++) {
      const path = `${FOLDER}/tile/0/${String(tile).padStart(3, '0')}`
      expect(cut.readFile(path).equals(disk.readFile(path))).toBe(true)
    }
  })

  it('opening does not hash again what is durable', async () => {
    const [disk, world] = [new CrashDisk(), new World()]
    await live(disk, world, 9000)
    disk.tamper(`${FOLDER}/tile/0/003`, torn) // nothing but verify looks there
    await live(disk, world, 1)
    expect(() => prove(disk, world)).toThrow('tile/0/003 does not hold the hashes of its lines')
  })

  it('a tile whose sync fails is written to a fresh file before it counts as durable', async () => {
    const [disk, world] = [new CrashDisk(), new World()]
    let failures = 3
    disk.fault = ({ op, path }) =>
      op === 'sync' && path.includes('/tile/0/') && failures-- > 0 ? { error: 'EIO' } : undefined
    await live(disk, world, 9000)
    expect(failures).toBeLessThanOrEqual(0)
    expect(hint(disk)).toBe('8448\n')
    const cut = disk.crash()
    await live(cut, world, 1)
    prove(cut, world)
  })

  it('where all tiles are made anew, none counts as durable any longer; nor do more than there are lines', async () => {
    const [disk, world] = [new CrashDisk(), new World()]
    await live(disk, world, 5000)
    expect(hint(disk)).toBe('4352\n')
    disk.tamper(`${FOLDER}/tile/0/000`, () => Buffer.alloc(0))
    await live(disk, world, 1)
    expect(hint(disk)).toBeUndefined()
    disk.tamper(`${FOLDER}/tile/0/000`, torn)
    await live(disk, world, 9000)
    prove(disk, world)
    disk.tamper(`${FOLDER}/durable-tiles`, () => Buffer.from('999999744\n'))
    disk.tamper(`${FOLDER}/tile/0/000`, torn)
    await live(disk, world, 1)
    prove(disk, world)
  })
})
