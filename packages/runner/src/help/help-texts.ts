import { Option, type Command } from 'commander';

const DOCUMENTATION = 'https://github.com/geolens-io/geolens-backup/blob/main/docs/commands.md';

const EXIT_CODES: Readonly<Record<number, string>> = {
  0: 'done',
  1: 'failed; what was good before is unchanged',
  2: 'wrong arguments or configuration, or no such set',
  3: 'partly done',
  4: 'another process holds the lock',
  5: 'damage: bytes or rows are not what was backed up',
  6: 'a restore test failed',
};

interface HelpText {
  readonly examples: readonly string[];
  readonly exitCodes: readonly number[];
}

const HELP: Readonly<Record<string, HelpText>> = {
  serve: { examples: ['serve'], exitCodes: [0, 1, 2, 4] },
  run: { examples: ['run', 'run --json'], exitCodes: [0, 1, 2, 3, 4, 5, 6] },
  list: { examples: ['list', 'list --store s3 --json'], exitCodes: [0, 1, 2, 3] },
  prune: { examples: ['prune --dry-run', 'prune'], exitCodes: [0, 1, 2, 4] },
  remove: { examples: ['remove 20261122_020000'], exitCodes: [0, 1, 2, 4] },
  verify: {
    examples: ['verify', 'verify 20261122_020000 --restore', 'verify --all --store s3 --max-rate 20'],
    exitCodes: [0, 1, 2, 3, 5, 6],
  },
  accept: {
    examples: ['accept 20261122_020000', 'accept --revoke 20261122_020000'],
    exitCodes: [0, 1, 2, 3, 4],
  },
  restore: {
    examples: [
      'restore latest --dry-run',
      'restore latest',
      'restore 20261122_020000 --table catalog.datasets',
      'restore latest --files-only --staging-to /srv/staging',
      'restore ./geolens.dump --into geolens_copy',
      'restore latest --store s3 --identity-file /media/usb/geolens.key',
    ],
    exitCodes: [0, 1, 2, 3, 4, 5],
  },
  hold: {
    examples: ["hold 20261122_020000 --note 'before the migration' --until 2027-11-22"],
    exitCodes: [0, 1, 2, 3, 4],
  },
  release: { examples: ['release 20261122_020000'], exitCodes: [0, 1, 2, 3, 4] },
  cleanup: { examples: ['cleanup --dry-run', 'cleanup'], exitCodes: [0, 1, 2, 3, 4] },
  trust: { examples: ['trust --before 2026-11-29'], exitCodes: [0, 1, 2, 4] },
  doctor: { examples: ['doctor'], exitCodes: [0, 1, 2] },
  health: { examples: ['health'], exitCodes: [0, 1, 2] },
  key: {
    examples: [
      'key generate > geolens.key',
      'key generate --signing > signing.key',
      'key check --identity-file geolens.key',
      'key check --store s3 --identity-file -',
    ],
    exitCodes: [0, 1, 2, 3, 5],
  },
  config: { examples: ['config'], exitCodes: [0, 2] },
  completion: { examples: ['completion bash > /etc/bash_completion.d/geolens-backup'], exitCodes: [0, 2] },
};

/** Adds examples, exit codes and a link to the help of each command. */
export function addHelpTexts(program: Command): void {
  program.addHelpText('after', `\nDocumentation: ${DOCUMENTATION}`);
  for (const command of program.commands) {
    const { examples, exitCodes } = HELP[command.name()] ?? { examples: [], exitCodes: [] };
    command.addHelpText(
      'after',
      [
        '\nExamples:',
        ...examples.map((example) => `  geolens-backup ${example}`),
        '\nExit codes:',
        ...exitCodes.map((code) => `  ${code}  ${EXIT_CODES[code] ?? ''}`),
        `\nDocumentation: ${DOCUMENTATION}`,
      ].join('\n'),
    );
  }
}

/** Returns the description of an option. Names a default only if it is a word. */
export function describeOption({ description, defaultValue }: Option): string {
  return typeof defaultValue === 'string' ? `${description} (default: ${defaultValue})` : description;
}

/** Returns the option `--identity-file`. */
export function identityOption(): Option {
  return new Option(
    '--identity-file <path>',
    'private key (identity) that opens encrypted sets; - reads it from standard input',
  );
}

/**
 * Returns the option `--store`. The command itself checks the name and explains how to configure the store.
 * @param all a further name, and the default
 */
export function storeOption(description: string, all?: string): Option {
  const names = ['local', 's3', ...(all === undefined ? [] : [all])];
  const option = new Option('--store <name>', `${description}: ${names.join(', ')}`).default(all);
  option.argChoices = names; // for the completion
  return option;
}
