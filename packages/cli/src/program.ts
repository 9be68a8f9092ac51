// Commands, options and their help, in one place. What they do stands in commands/.
import { VERSION } from '@trailproof/core'
import { Command, InvalidArgumentError } from 'commander'
import { doctor } from './commands/doctor.js'
import { init } from './commands/init.js'
import { keygen } from './commands/keygen.js'
import { meta } from './commands/meta.js'
import { prove } from './commands/prove.js'
import { retain } from './commands/retain.js'
import { serve } from './commands/serve.js'
import { tail } from './commands/tail.js'
import { tiles } from './commands/tiles.js'
import { verify } from './commands/verify.js'
import { verifyProof } from './commands/verify-proof.js'
import { witness } from './commands/witness.js'

const PATH = 'a log folder (audit/shop-0), or the root folder of several (audit)'
const ONE_LOG = 'a log folder (audit/shop-0), or a root folder with one log in it'
const KEY = 'public key to believe instead of the one that the log itself names; repeat for several'

/** @param done told the exit code of the command that ran */
export function buildProgram(done: (exitCode: number) => void): Command {
  const program = new Command('trailproof')
    .description('Verify, read and look after Trailproof audit logs')
    .version(VERSION)
    .addHelpText(
      'after',
      '\nExit codes: 0 good, 1 the finding is bad (tampered, failed check), 2 could not do it (usage, I/O)',
    )
  // Before the commands are added: they inherit it. Errors are printed once, by main.
  program.exitOverride().configureOutput({ writeErr: () => {} })

  program
    .command('verify')
    .description('check every record, signature and tile; say what was changed, and where')
    .argument('<path>', PATH)
    .option(
      '--key <vkey|file>',
      'public key to believe: a vkey (pins the origin too), base64, or a file; repeat for several',
      collect,
      [],
    )
    .option('--origin <name>', 'the only origin to accept')
    .option(
      '--against <file>',
      'a checkpoint kept elsewhere that the log must contain; repeat for several',
      collect,
      [],
    )
    .option('--meta <folder>', 'a meta-log (audit/meta-0): each log must contain the checkpoint that it recorded')
    .option('--threads <count>', 'how many threads may work (default: by the size of the log, at most 4)', threads)
    .option('--policy <file>', 'whom to believe, as a policy file (C2SP tlog-policy): logs, witnesses, quorum')
    .option('--anchor-folder <dir>', 'folder of a folder anchor, to be read; repeat for several', collect, [])
    .option(
      '--tsa-ca <file>',
      'root of a timestamp authority, PEM, to verify kept timestamps; repeat for several',
      collect,
      [],
    )
    .option('--require-anchor', 'fail unless an anchor that is named has a checkpoint of each log')
    .option('--max-age <seconds>', 'fail unless the newest of them is younger', count)
    .option('--json', 'one JSON object on standard output')
    .action(async (path, options) => done(await verify(path, options)))

  program
    .command('tail')
    .description('show the last records')
    .argument('<path>', PATH)
    .option('-f, --follow', 'go on as records become durable')
    .option('-n, --lines <count>', 'how many to begin with', count, 10)
    .option('--json', 'print the stored lines as they are')
    .action(async (path, options) => done(await tail(path, options)))

  program
    .command('keygen')
    .description('make the keys of a service, or rotate the signing key; existing ones are never overwritten')
    .option('--dir <folder>', 'where to keep them', '.trailproof')
    .option('--witness <name>', 'make the key of a witness instead (witness.example.com)')
    .option('--rotate', 'make the next signing key; logs are handed over to it at the next start')
    .option(
      '--retire <path>',
      'destroy the old key, if every log under <path> is handed over; repeat for several',
      collect,
      [],
    )
    .option('--json', 'one JSON object on standard output')
    .action(async (options) => done(await keygen(options)))

  program
    .command('retain')
    .description('remove records older than a limit, as whole segments, under a signed record; the rest still verifies')
    .argument('<path>', PATH)
    .requiredOption('--older-than <days>', 'the limit, as 400d', days)
    .option('--dry-run', 'say what would be removed')
    .option('--yes', 'remove it')
    .option('--keys <folder>', 'folder of the keys (default: .trailproof, or else <path>/.trailproof)')
    .option('--json', 'one JSON object on standard output')
    .action(async (path, options) => done(await retain(path, options)))

  program
    .command('doctor')
    .description('check machine, folder, keys and running logs')
    .argument('<path>', PATH)
    .option('--keys <folder>', 'folder of the keys (default: .trailproof, or else <path>/.trailproof)')
    .option('--json', 'one JSON object on standard output')
    .action(async (path, options) => done(await doctor(path, options)))

  program
    .command('init')
    .description('propose the lines that make an existing Express, Koa or Nest application audited, as a diff')
    .argument('[folder]', 'folder of the application, with its package.json', '.')
    .option('--yes', 'write them, and make keys for development')
    .option('--auto', 'propose to preload @trailproof/auto instead of changing sources')
    .option('--json', 'one JSON object on standard output; asks nothing')
    .action(async (folder, options) => done(await init(folder, options)))

  program
    .command('tiles')
    .description('export a log as files that other tools verify (C2SP tlog-tiles), verifying it on the way')
    .argument('<path>', ONE_LOG)
    .requiredOption('--out <folder>', 'new, or of an earlier export, which is brought up to date')
    .option('--key <vkey|file>', KEY, collect, [])
    .option('--json', 'one JSON object on standard output')
    .action(async (path, options) => done(await tiles(path, options)))

  program
    .command('serve')
    .description('serve logs over HTTP; whoever can reach the address reads the records')
    .requiredOption('--tiles <path>', `serve the C2SP tlog-tiles of ${PATH}`)
    .option('--port <number>', '0 takes any free one', count, 8620)
    .option('--host <address>', 'address to listen on', '127.0.0.1')
    .option('--public', 'allow an address that other machines can reach')
    .option('--key <vkey|file>', KEY, collect, [])
    .option('--json', 'say where it listens as one JSON object')
    .action(async (options) => done(await serve(options)))

  program
    .command('prove')
    .description('write the proof that a record is in the log (C2SP tlog-proof)')
    .argument('<path>', ONE_LOG)
    .argument('<index>', 'leaf index of the record: its seq', count)
    .option('--out <file>', 'write the proof there instead of printing it')
    .option('--key <vkey|file>', KEY, collect, [])
    .option('--json', 'one JSON object on standard output, with proof and record')
    .action(async (path, index, options) => done(await prove(path, index, options)))

  program
    .command('verify-proof')
    .description('check a proof with nothing but the record and the public key of the log')
    .argument('<file>', 'a tlog-proof')
    .requiredOption('--key <vkey|file>', 'public key of the log; a vkey pins its origin too', collect)
    .requiredOption('--record <line|file>', 'the line as it stands in the log, or a file with it; - for standard input')
    .option('--json', 'one JSON object on standard output')
    .action(async (file, options) => done(await verifyProof(file, options)))

  program
    .command('meta')
    .description('keep a log of the checkpoints of other logs; say which process is silent, missing or rolled back')
    .argument('<root...>', 'root folders of the logs (audit)')
    .option(
      '--expect <file|what>',
      'what there should be: shop:2 (so many alive), an origin, a vkey, or a file of them; repeat for several',
      collect,
      [],
    )
    .option('--retired <origin>', 'a log that was removed for good; repeat for several', collect, [])
    .option(
      '--key <vkey|file>',
      'public key that logs must be signed with at first sight; repeat for several',
      collect,
      [],
    )
    .option('--keys <folder>', 'folder of its own keys (default: .trailproof, or else <root>/.trailproof)')
    .option('--folder <dir>', 'root folder in which the meta-log is kept, as meta-0 (default: the first root)')
    .option('--anchor-folder <dir>', 'publish its checkpoints to a folder anchor; repeat for several', collect, [])
    .option('--every <time>', 'time between two rounds, as 10s or 5m', time, 10_000)
    .option('--silent-after <time>', 'time without a sign of life', time, 180_000)
    .option('--once', 'one round, as for cron; exit 1 when something is wrong')
    .option('--json', 'one JSON object a line on standard output')
    .action(async (roots, options) => done(await meta(roots, options)))

  program
    .command('witness')
    .description("cosign the checkpoints of other people's logs (C2SP tlog-witness), until stopped")
    .requiredOption('--state <folder>', 'where it remembers what it has cosigned')
    .requiredOption('--key <file>', 'its key, made by keygen --witness')
    .option('--log <vkey|file>', 'a log to cosign: its vkey, or a file of vkeys; repeat for several', collect, [])
    .option('--policy <file>', 'a policy file (C2SP tlog-policy) whose logs to cosign')
    .option('--init', 'begin: make the state folder of a key that has never cosigned')
    .option('--host <address>', 'address to listen on', '127.0.0.1')
    .option('--port <number>', 'port to listen on; 0 takes a free one', portNumber, 8470)
    .option('--json', 'one JSON object a line on standard output')
    .action(async (options) => done(await witness(options)))

  return program
}

const collect = (value: string, before: string[] = []) => [...before, value]

function count(value: string): number {
  if (/^\d{1,9}$/.test(value)) return Number(value)
  throw new InvalidArgumentError('It must be a number, 0 or more.')
}

function threads(value: string): number {
  if (/^\d{1,2}$/.test(value) && Number(value) >= 1 && Number(value) <= 64) return Number(value)
  throw new InvalidArgumentError('It must be a number from 1 to 64.')
}

function portNumber(value: string): number {
  if (/^\d{1,5}$/.test(value) && Number(value) <= 65_535) return Number(value)
  throw new InvalidArgumentError('It must be a port, 0 to 65535.')
}

function time(value: string): number {
  const [, count, unit] = /^([1-9]\d{0,4})(s|m|h)$/.exec(value) ?? []
  const ms = Number(count) * { s: 1000, m: 60_000, h: 3_600_000 }[unit as 's' | 'm' | 'h']
  if (ms <= 86_400_000) return ms
  throw new InvalidArgumentError('It must be a time from 1s to 24h.')
}

function days(value: string): number {
  const count = /^([1-9]\d{0,4})d$/.exec(value)?.[1]
  if (count !== undefined && Number(count) <= 36_500) return Number(count)
  throw new InvalidArgumentError('It must be a number of days from 1d to 36500d.')
}
