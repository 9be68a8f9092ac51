// Power cuts, on a real file system in a file: what the kernel had not yet brought to the disk is gone.
import { execFileSync, spawnSync } from 'node:child_process'
import { copyFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { effort } from '../effort.js'
import { prove } from './prove.js'
import { isRoot, type Scene, useScene } from './scene.js'

const CUTS = effort(2, 40)
const WRITERS = 2

const scene = useScene()
const reason = whyNot()
const skipped = reason ? ` (skipped: ${reason})` : ''

function whyNot(): string | undefined {
  if (!isRoot) return 'not root on Linux'
  const found = (program: string, ...args: string[]) =>
    spawnSync(program, args, { stdio: 'ignore' }).error === undefined
  if (!found('mkfs.ext4', '-V')) return 'there is no mkfs.ext4'
  if (!found('perl', '-v')) return 'there is no perl to call ioctl'
  const { status, stderr, error } = spawnSync('losetup', ['-f'], { encoding: 'utf8' })
  return status === 0 ? undefined : `there is no loop device: ${error?.message ?? stderr.trim()}`
}

/** A file that holds an ext4. */
function makeImage(here: Scene): string {
  const image = join(here.folder, 'image')
  writeFileSync(image, '')
  truncateSync(image, 48 * 2 ** 20)
  execFileSync('mkfs.ext4', ['-q', '-F', '-E', 'lazy_itable_init=0,lazy_journal_init=0', image])
  return image
}

/** As the disk was at one moment: what the kernel wrote meanwhile would have been on neither side of the cut. */
function copyWhole(image: string, copy: string): void {
  for (;;) {
    const before = statSync(image, { bigint: true }).mtimeNs
    copyFileSync(image, copy)
    if (statSync(image, { bigint: true }).mtimeNs === before) return
  }
}

async function writersOn(dir: string): Promise<void> {
  for (let i = 0; i < WRITERS; i++)
    scene()
      .start({ dir, writer: { segmentRecords: 512 } })
      .tell('load 50')
  await Promise.all(scene().applications.map((one) => one.more(100)))
}

describe.skipIf(reason)(`a power cut${skipped}`, () => {
  it(
    `at any moment under load leaves every acknowledged record on the disk (${CUTS} cuts)`,
    async () => {
      const image = makeImage(scene())
      const dir = scene().mount('disk', '-o', 'loop', image)
      const copy = join(scene().folder, 'copy')
      await writersOn(join(dir, 'audit'))
      const writers = scene().applications.slice()
      for (let cut = 0; cut < CUTS; cut++) {
        await writers[cut % WRITERS]!.more(1 + ((cut * 37) % 200))
        await Promise.all(writers.map((writer) => writer.freeze()))
        copyWhole(image, copy) // their receipts up to now were promises about it
        const told = writers.map(({ acknowledged }) => acknowledged.slice())

        const after = scene().mount('after', '-o', 'loop', copy) // replays the journal, as after a power cut
        await prove(scene(), { dir: join(after, 'audit'), acknowledged: told.flat() })
        scene().applications.splice(WRITERS)
        scene().unmount(after)
        rmSync(copy)
        for (const writer of writers) writer.thaw()
      }
      await Promise.all(writers.map((writer) => writer.kill()))
      await prove(scene(), { dir: join(dir, 'audit') })
    },
    effort(180_000, 3_600_000),
  )

  it('of the disk under a running process: it says that it cannot write, and afterwards nothing acknowledged is lost', async () => {
    const image = makeImage(scene())
    const disk = scene().mount('disk', '-o', 'loop', image)
    await writersOn(join(disk, 'audit'))
    // No call is under way while the disk goes: the kernel lets an fdatasync that meets this ioctl return 0 although its
    // data is lost, where a real cut would have ended the process before it could tell anybody.
    const writers = scene().applications.slice()
    await Promise.all(writers.map((writer) => writer.freeze()))
    shutDown(disk)
    for (const writer of writers) writer.thaw()
    for (const writer of scene().applications)
      expect((await writer.until(({ status }) => status === 'red')).problems[0]!.code).toMatch(/^TRAILPROOF_/)
    await Promise.all(scene().applications.map((writer) => writer.kill()))
    scene().unmount(disk)
    const again = scene().mount('again', '-o', 'loop', image)
    await prove(scene(), { dir: join(again, 'audit') })
  }, 180_000)
})

/** What `xfs_io -x -c shutdown` does: nothing that is not on the disk will be, the journal included. */
function shutDown(path: string): void {
  // linux/fs/ext4: EXT4_IOC_SHUTDOWN = _IOR('X', 125, __u32), EXT4_GOING_FLAGS_NOLOGFLUSH = 2
  const program =
    'open(my $f, "<", $ARGV[0]) or die $!; my $flags = pack("L", 2); ioctl($f, 0x8004587D, $flags) or die $!'
  execFileSync('perl', ['-e', program, path])
}
