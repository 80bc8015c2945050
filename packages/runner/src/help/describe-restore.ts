import type { Command } from 'commander';
import { identityOption, storeOption } from './help-texts.ts';

/** Adds the arguments and options of `restore`. */
export function describeRestore(command: Command): Command {
  const more = (value: string, before: readonly string[]): readonly string[] => [...before, value];
  return command
    .description('restore the database, or tables of it, and the staging files, from a set or a file')
    .argument('<what>', 'latest, a timestamp as `list` shows it, or the path of a dump made with pg_dump -Fc')
    .addOption(storeOption('take the set from this store only'))
    .addOption(identityOption())
    .option('--into <database>', 'restore into this database instead of the configured one')
    .option(
      '--in-place',
      'restore onto the live database with pg_restore --clean, where no second one can be made',
      false,
    )
    .option('--files-only', 'restore the staging files alone; needs no database server', false)
    .option(
      '--table <schema.table>',
      'bring back this table only, whole; may be given several times',
      more,
      [],
    )
    .option(
      '--schema <schema>',
      'bring back all tables of this schema only; may be given several times',
      more,
      [],
    )
    .option(
      '--with-dependents',
      'with --table or --schema: also restore missing objects that depend on the tables (foreign keys of other tables, views, functions)',
      false,
    )
    .option(
      '--staging-to <folder>',
      'unpack the staging archive of the same run there; STAGING_DIR where that is writable',
    )
    .option(
      '--staging-from <what>',
      'take the staging archive of another run: a timestamp, or the path of an archive',
    )
    .option('--no-staging', 'leave the staging files alone')
    .option(
      '--drop-previous',
      'remove the database and the files that were there before, once all is well',
      false,
    )
    .option('--dry-run', 'check everything, and change nothing', false)
    .option('--yes', 'do not ask, on a terminal', false)
    .option(
      '--force',
      'restore in spite of doubts: a set that failed a check, a disk that seems too small',
      false,
    )
    .option(
      '--keep-going',
      'restore everything else if objects cannot be restored, and list them (exit code 3)',
      false,
    )
    .option(
      '--allow-privileged-roles',
      'give roles that are made the privileges over the server that a set names which is not from the volume',
      false,
    );
}
