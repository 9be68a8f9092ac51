// Witnesses as processes of the built command line, and real log folders that grow, are copied and are forked.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { parseCheckpoint, parseNote } from '@trailproof/tlog'
import type { Anchor, AnchorCheckpoint } from '../../packages/anchors/src/index.js'
import { createAudit, fileWriter, folderReader, proveConsistency } from '../../packages/core/src/index.js'

const root = join(import.meta.dirname, '..', '..')
const bin = join(root, 'packages', 'cli', 'bin', 'trailproof.js')

/** Builds the command line and what it stands on; incremental. */
export function buildCli(): void {
  const tsc = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin', 'tsc')
  const { status, stdout } = spawnSync(process.execPath, [tsc, '-b', join(root, 'packages', 'cli')], {
    encoding: 'utf8',
  })
  if (status !== 0) throw new Error(`the command line is not built: ${stdout}`)
}

const made: string[] = []
const running = new Set<ChildProcess>()

export function tempDir(): string {
  const dir = mkdtempSync(join(tmpdir(), 'trailproof-witnesses-'))
  made.push(dir)
  return dir
}

/** Ends every process that a test has left, and removes what it wrote. */
export async function cleanUp(): Promise<void> {
  const ended = [...running].map((child) => new Promise((resolve) => child.once('close', resolve)))
  for (const child of running) child.kill('SIGKILL')
  await Promise.all(ended)
  for (const dir of made.splice(0)) rmSync(dir, { recursive: true, force: true })
}

export function cli(...args: string[]): { code: number | null; out: string; err: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [bin, ...args], { encoding: 'utf8', timeout: 60_000 })
  return { code: status, out: stdout, err: stderr }
}

/** A witness: `trailproof witness` on a folder of its own, to be killed and started again. */
export class WitnessProcess {
  readonly dir = tempDir()
  readonly vkey: string
  url = ''
  out = ''
  #child: ChildProcess | undefined
  #exited: Promise<number | null> = Promise.resolve(null)
  #begun = false

  constructor(
    readonly name: string,
    readonly logs: string[],
  ) {
    const { code, out, err } = cli('keygen', '--witness', `${name}.example`, '--dir', join(this.dir, 'key'), '--json')
    if (code !== 0) throw new Error(err)
    this.vkey = (JSON.parse(out) as { vkey: string }).vkey
  }

  get args(): string[] {
    const logs = this.logs.flatMap((vkey) => ['--log', vkey])
    const folders = ['--state', join(this.dir, 'state'), '--key', join(this.dir, 'key', 'witness.key')]
    return ['witness', ...folders, ...logs, '--port', '0', '--json']
  }

  /** Starts it without waiting for it to listen. */
  spawn(): ChildProcess {
    const child = spawn(process.execPath, [bin, ...this.args, ...(this.#begun ? [] : ['--init'])], {
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    running.add(child)
    this.#child = child
    this.out = ''
    child.stdout!.setEncoding('utf8').on('data', (text: string) => {
      this.out += text
    })
    child.stderr!.setEncoding('utf8').on('data', (text: string) => {
      this.out += text
    })
    this.#exited = new Promise((resolve) =>
      child.on('close', (code) => {
        running.delete(child)
        resolve(code)
      }),
    )
    return child
  }

  async start(): Promise<this> {
    const child = this.spawn()
    await new Promise<void>((resolve, reject) => {
      child.stdout!.on('data', () => this.out.includes('\n') && resolve())
      child.on('close', (code) => reject(new Error(`the witness ended with ${code}: ${this.out}`)))
    })
    this.#begun = true
    this.url = (JSON.parse(this.out.split('\n')[0]!) as { url: string }).url
    return this
  }

  async end(signal: NodeJS.Signals): Promise<number | null> {
    this.#child?.kill(signal)
    return this.#exited
  }
}

export interface Keys {
  root: Uint8Array
  signing: ReturnType<typeof generateKeyPairSync>['privateKey']
}

export const makeKeys = (): Keys => ({ root: randomBytes(32), signing: generateKeyPairSync('ed25519').privateKey })

/** A process's life on a log folder: opens it, records so much, and closes it. Returns the log's folder. */
export async function grow(dir: string, keys: Keys, records: number, name = 'ann'): Promise<string> {
  const audit = createAudit({
    service: 'shop',
    writer: fileWriter(dir),
    keys: { ...keys, dir: join(dir, '..', 'keys') },
  })
  await audit.ready
  for (let i = 0; i < records; i++) await audit.record({ event: 'login.failed', claimed: `${name}${i}` })
  await audit.close()
  return join(dir, 'shop-0')
}

export const vkeyOf = (folder: string): string => readFileSync(join(folder, 'log.vkey'), 'utf8').trim()

export function checkpointOf(folder: string): AnchorCheckpoint {
  const note = readFileSync(join(folder, 'checkpoint'), 'utf8')
  const { origin, size, root } = parseCheckpoint(parseNote(note).text)
  return { origin, size, root, note }
}

/** What core does with an anchor: publishes the newest checkpoint and keeps the receipts beside the log. */
export async function publish(folder: string, anchor: Anchor, prove?: (from: number) => Promise<Uint8Array[]>) {
  const checkpoint = checkpointOf(folder)
  const proof = prove ?? ((from: number) => proveConsistency(folderReader(folder), from, checkpoint))
  const receipt = await anchor.publish(checkpoint, proof, new AbortController().signal)
  mkdirSync(join(folder, 'anchors'), { recursive: true })
  for (const { name, bytes } of receipt.files) writeFileSync(join(folder, 'anchors', name), bytes)
  return { ...receipt, size: checkpoint.size }
}

export const anchorFiles = (folder: string): string[] => readdirSync(join(folder, 'anchors'))
