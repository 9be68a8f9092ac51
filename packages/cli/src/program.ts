// Commands, options and their help, in one place. What they do stands in commands/.
import { VERSION } from '@trailproof/core'
import { Command, InvalidArgumentError } from 'commander'
import { doctor } from './commands/doctor.js'
import { keygen } from './commands/keygen.js'
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
    .description('make the keys of a service; existing ones are never touched')
    .option('--dir <folder>', 'where to keep them', '.trailproof')
    .option('--json', 'one JSON object on standard output')
    .action(async (options) => done(await keygen(options)))

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
