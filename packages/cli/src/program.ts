// Commands, options and their help, in one place. What they do stands in commands/.
import { VERSION } from '@trailproof/core'
import { Command, InvalidArgumentError } from 'commander'
import { doctor } from './commands/doctor.js'
import { keygen } from './commands/keygen.js'
import { retain } from './commands/retain.js'
import { tail } from './commands/tail.js'
import { verify } from './commands/verify.js'

const PATH = 'a log folder (audit/shop-0), or the root folder of several (audit)'

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
    .description('make the keys of a service; existing ones are never touched')
    .option('--dir <folder>', 'where to keep them', '.trailproof')
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

  return program
}

const collect = (value: string, before: string[]) => [...before, value]

function count(value: string): number {
  if (/^\d{1,9}$/.test(value)) return Number(value)
  throw new InvalidArgumentError('It must be a number, 0 or more.')
}

function days(value: string): number {
  const count = /^([1-9]\d{0,4})d$/.exec(value)?.[1]
  if (count !== undefined && Number(count) <= 36_500) return Number(count)
  throw new InvalidArgumentError('It must be a number of days from 1d to 36500d.')
}
