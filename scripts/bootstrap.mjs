import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureSystemPackages } from './system-packages.mjs';

/*
 * `npm run <command>` on a machine that has Node 20 or newer and npm, and maybe nothing else: gets what is
 * missing, then does the command on the Node of the workspace.
 */
const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const NODE = join(ROOT, 'node_modules', '.bin', 'node');
const VITEST = 'node_modules/vitest/vitest.mjs';
const TSC = 'node_modules/typescript/bin/tsc';
const CHECKS = {
  format: ['node_modules/@biomejs/biome/bin/biome', 'format', '.'],
  types: [TSC, '-p', 'tsconfig.json'],
  lint: ['node_modules/eslint/bin/eslint.js', '.'],
  layers: [
    'node_modules/dependency-cruiser/bin/dependency-cruiser.mjs',
    '--metrics',
    '--config',
    '.dependency-cruiser.mjs',
    'packages',
  ],
  api: ['scripts/api/api.ts'],
  prose: ['scripts/prose/prose.ts'],
  commits: ['scripts/prose/commits.ts'],
  dependencies: ['scripts/dependencies.ts'],
};

/** Which preparations a command takes, and what it runs on the workspace's Node. */
const COMMANDS = {
  build: { steps: () => [] },
  demo: { system: { tests: false }, steps: (args) => [['scripts/demo.ts', ...args]] },
  bench: { system: {}, steps: (args) => [['bench/bench.ts', ...args]] },
  test: { system: {}, steps: (args) => [[VITEST, 'run', ...args]] },
  'test:faults': { system: {}, steps: (args) => [['test/faults/run.ts', ...args]] },
  'test:corpus': { system: {}, steps: (args) => [['test/corpus/run.ts', ...args]] },
  'test:container': {
    system: { container: true },
    steps: (args) => [[VITEST, 'run', '--config', 'vitest.container.config.ts', ...args]],
  },
  check: { steps: checks },
  docs: { steps: () => [[...CHECKS.api, '-u']] },
};

const [name, ...args] = process.argv.slice(2);
const command = COMMANDS[name];
if (command === undefined) usage();
if (command.system) ensureSystemPackages(command.system);
install();
run([TSC, '-b', 'packages/runner']);
for (const step of command.steps(args)) run(step);

/** All of them when none is named; what begins with a dash is for those that are. */
function checks(args) {
  const flags = args.filter((arg) => arg.startsWith('-'));
  const names = args.filter((arg) => !flags.includes(arg));
  return (names.length === 0 ? Object.keys(CHECKS) : names).map((check) => [
    ...(CHECKS[check] ?? usage()),
    ...flags,
  ]);
}

function usage() {
  console.error(
    `usage: npm run ${Object.keys(COMMANDS).join('|')} [-- arguments]; check takes ${Object.keys(CHECKS).join(', ')}`,
  );
  process.exit(2);
}

/** Quiet unless it fails; a second or so when there is nothing to do. */
function install() {
  if (!existsSync(NODE)) console.error('installing: the packages of the workspace, Node 24 among them');
  const { config } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  const result = spawnSync('npx', ['--yes', `pnpm@${config.pnpm}`, 'install', '--frozen-lockfile'], {
    cwd: ROOT,
    encoding: 'utf8',
  });
  if (result.status === 0) return;
  console.error(
    `installing the packages of the workspace failed:\n${result.stdout ?? ''}${result.stderr ?? ''}${result.error?.message ?? ''}`,
  );
  process.exit(1);
}

function run(step) {
  const { status, signal } = spawnSync(NODE, ['--conditions=geolens-source', ...step], {
    cwd: ROOT,
    stdio: 'inherit',
  });
  if (status !== 0) process.exit(status ?? 128 + (constants.signals[signal] ?? 0));
}
