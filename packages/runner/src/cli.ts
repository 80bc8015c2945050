import { Argument, Command, CommanderError } from 'commander';
import type { KeyCheckFlags } from './commands/key-check.ts';
import { EXIT } from './exit-code.ts';
import type { Shell } from './help/completion.ts';
import { describeRestore } from './help/describe-restore.ts';
import { addHelpTexts, describeOption, identityOption, storeOption } from './help/help-texts.ts';
import type { CliOptions, Io } from './io.ts';
import { withoutKeys } from './present/redact.ts';
import type { CommandContext } from './services.ts';
import { toolVersion } from './version.ts';

/**
 * Returns an action that selects a command. The command receives the arguments and flags from commander.
 * @param volumeOnly whether the command reads only the volume; the S3 adapter is not loaded then
 */
type Choose = <A extends unknown[]>(
  load: () => Promise<(context: CommandContext, ...args: A) => Promise<number> | number>,
  volumeOnly?: boolean,
) => (...args: A) => void;

/**
 * Parses the arguments, runs the command and returns the exit code. Loads the code of a command only when it
 * is selected, so that `--help` is fast.
 * @param args arguments without the program name
 */
export async function runCli(args: readonly string[], options: CliOptions): Promise<number> {
  let chosen: (() => Promise<number>) | undefined;
  const choose: Choose =
    (load, volumeOnly = false) =>
    (...given) => {
      chosen = async () => {
        const { execute } = await import('./context.ts');
        const work = async (context: CommandContext): Promise<number> => (await load())(context, ...given);
        return execute(work, options, { volumeOnly, json, identityFile: identityFileIn(given) });
      };
    };
  const generateKey = (signing: boolean): void => {
    chosen = async () => (await import('./commands/key-generate.ts')).keyGenerate(options, signing);
  };
  const program = describeProgram(options.io, choose, generateKey);
  const named = program.commands.find((command) => command.name() === args[0]);
  const hasJson = named === undefined || named.options.some(({ long }) => long === '--json');
  const json = hasJson && args.includes('--json');
  try {
    await program.parseAsync(args, { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return EXIT.done;
    if (json) options.io.stdout(usageErrorJson(error));
    return EXIT.wrongInput;
  }
  return chosen === undefined ? EXIT.done : chosen();
}

interface KeyFlags extends KeyCheckFlags {
  readonly identityFile?: string;
  readonly signing: boolean;
}

/** Returns the value of `--identity-file` among the arguments of an action, which end with flags and command. */
function identityFileIn(given: readonly unknown[]): string | undefined {
  const { identityFile } = (given.at(-2) ?? {}) as { readonly identityFile?: string };
  return identityFile;
}

function usageErrorJson({ message }: CommanderError): string {
  const error = { code: 'CONFIG_INVALID', message: withoutKeys(message.replace(/^error: /, '')) };
  return `${JSON.stringify({ error: { ...error, hint: 'See geolens-backup --help' } }, undefined, 2)}\n`;
}

function describeProgram(io: Io, choose: Choose, generateKey: (signing: boolean) => void): Command {
  const program = new Command('geolens-backup')
    .description(
      'Scheduled, verified, restorable backups of a PostgreSQL database and its files.\nConfigured by environment variables: see `geolens-backup config`.',
    )
    .version(toolVersion())
    .exitOverride()
    .configureOutput({
      writeOut: (text) => {
        io.stdout(text);
      },
      writeErr: (text) => {
        io.stderr(withoutKeys(text));
      },
    })
    .showHelpAfterError('(geolens-backup --help tells what there is)')
    .configureHelp({ optionDescription: describeOption })
    .helpCommand('help [command]', 'print the help of a command');
  const JSON_FLAG = ['--json', 'print the result as JSON', false] as const;

  program
    .command('serve')
    .description('make a run at each slot of the schedule, until asked to end; what the container does')
    .action(choose(async () => (await import('./serve/serve.ts')).serve));
  program
    .command('run')
    .description('make one run now')
    .option(...JSON_FLAG)
    .action(choose(async () => (await import('./commands/run.ts')).run));
  program
    .command('list')
    .description('list the sets: when, how large, complete or not, verified how')
    .option(...JSON_FLAG)
    .addOption(storeOption('which store', 'all'))
    .action(choose(async () => (await import('./commands/list.ts')).list));
  program
    .command('prune')
    .description('apply retention now, and say for each set whether it stays and why')
    .option('--dry-run', 'remove nothing', false)
    .option(...JSON_FLAG)
    .action(choose(async () => (await import('./commands/prune.ts')).prune));
  program
    .command('remove')
    .description('remove a set from the volume, in all its tiers; copies in other stores stay')
    .argument('<timestamp>', 'which set, as `list` shows it')
    .option('--dry-run', 'remove nothing', false)
    .option('--yes', 'do not ask, on a terminal', false)
    .option('--force', 'remove even a held set, and the newest complete one', false)
    .option(...JSON_FLAG)
    .action(choose(async () => (await import('./commands/remove.ts')).remove));
  program
    .command('verify')
    .description(
      'read every artifact of a set from its first to its last byte, and with --restore run a restore test in a temporary server',
    )
    .argument('[what]', 'latest, a timestamp as `list` shows it, or the path of a dump', 'latest')
    .option(
      '--restore',
      'restore the dump into a scratch PostgreSQL server, which is removed afterwards, and count its rows',
      false,
    )
    .option('--all', 'every set of the database in every store, giving way to other work', false)
    .addOption(storeOption('which store; the first that has the set', 'all'))
    .option(
      '--max-rate <megabytes>',
      'how many megabytes are read in a second at most; 0 is as fast as can be (with --all: 50)',
    )
    .addOption(identityOption())
    .option(...JSON_FLAG)
    .action(choose(async () => (await import('./commands/verify.ts')).verify));
  program
    .command('accept')
    .description(
      'accept a suspicious set as correct, or a failed restore test as known: it counts from then on, and retention goes on',
    )
    .argument('<timestamp>', 'which set, as `list` shows it')
    .option('--revoke', 'undo an earlier acceptance', false)
    .option('--yes', 'do not ask, on a terminal', false)
    .option(...JSON_FLAG)
    .action(choose(async () => (await import('./commands/accept.ts')).accept));
  program
    .command('hold')
    .description('keep a set from being removed, in all tiers and stores')
    .argument('<timestamp>', 'which set, as `list` shows it')
    .option('--note <text>', 'why; it is stored in plain text')
    .option('--until <date>', 'when the hold ends (YYYY-MM-DD, UTC)')
    .option(...JSON_FLAG)
    .action(choose(async () => (await import('./commands/hold.ts')).hold));
  program
    .command('release')
    .description('end the hold of a set')
    .argument('<timestamp>', 'which set, as `list` shows it')
    .option(...JSON_FLAG)
    .action(choose(async () => (await import('./commands/hold.ts')).release));
  describeRestore(program.command('restore'))
    .option(...JSON_FLAG)
    .action(choose(async () => (await import('./commands/restore.ts')).restore));
  program
    .command('cleanup')
    .description('remove the databases and folders that restores kept')
    .option('--dry-run', 'only list them', false)
    .option('--yes', 'do not ask, on a terminal', false)
    .option(...JSON_FLAG)
    .action(choose(async () => (await import('./commands/cleanup.ts')).cleanup));
  program
    .command('doctor')
    .description(
      'look at everything that backups rest on: server, rights, space, S3, schedule; say what is not well, and what to do',
    )
    .option(...JSON_FLAG)
    .action(choose(async () => (await import('./commands/doctor.ts')).doctor));
  program
    .command('health')
    .description(
      'exit 0 while the last success is young enough (BACKUP_MAX_AGE_MINUTES), otherwise 1; for the engine’s health check',
    )
    .option(...JSON_FLAG)
    .action(choose(async () => (await import('./commands/health.ts')).health, true));
  const checkKey: (flags: KeyFlags, command: Command) => void = choose(
    async () => (await import('./commands/key-check.ts')).keyCheck,
  );
  program
    .command('key')
    .description(
      'generate: print a new private key (identity) for encryption; check: open the newest encrypted sets with one',
    )
    .addArgument(new Argument('<what>').choices(['generate', 'check']))
    .addOption(identityOption())
    .addOption(storeOption('in which stores', 'all'))
    .option('--signing', 'with generate: print a key that signs sets instead', false)
    .option(...JSON_FLAG)
    .action((what: string, flags: KeyFlags, command: Command) => {
      if (what === 'check' && flags.signing) command.error('error: --signing belongs to key generate');
      else if (what === 'check') checkKey(flags, command);
      else if (flags.json || flags.identityFile !== undefined || flags.store !== 'all')
        command.error('error: key generate has no option but --signing');
      else generateKey(flags.signing);
    });
  program
    .command('trust')
    .description('sign sets that were made before this installation had a signing key, in every store')
    .requiredOption('--before <date>', 'only sets made before this date (YYYY-MM-DD, UTC)')
    .option('--yes', 'do not ask, on a terminal', false)
    .option(...JSON_FLAG)
    .action(choose(async () => (await import('./commands/trust.ts')).trust));
  program
    .command('config')
    .description('print the configuration as it holds, secrets redacted')
    .option(...JSON_FLAG)
    .action(choose(async () => (await import('./commands/config.ts')).config, true));
  program
    .command('completion')
    .description('print a script that completes commands and options in a shell')
    .addArgument(new Argument('<shell>').choices(['bash', 'zsh', 'fish']))
    .action(async (shell: Shell) => {
      const { completionScript } = await import('./help/completion.ts');
      io.stdout(completionScript(program, shell));
    });
  addHelpTexts(program);
  for (const command of program.commands) command.exitOverride().allowExcessArguments(false);
  return program;
}
