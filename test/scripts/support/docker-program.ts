import { spawn, type StdioOptions } from 'node:child_process';
import { appendFileSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/*
 * What the tests' `docker` and `docker-compose` do: they log each call, keep the services' states in files,
 * and run what is to run in a container as a process of this machine, in a session of its own: a signal to
 * the client does not reach it.
 */
const FOLDER = process.env['STUB_DOCKER']!;

/** How the stub behaves; the file `settings.json` in its folder. */
export interface StubSettings {
  readonly compose: 1 | 2;
  /** Subcommands of Compose that fail. */
  readonly failing: readonly string[];
  /** What `postgres --version` of the database's image says. */
  readonly imageVersion: string;
  /** Folders that play volumes, by name. */
  readonly volumes: Readonly<Record<string, string>>;
  /** Names of containers beside the project's own that use the data volume. */
  readonly strangers: readonly string[];
  /** Where the data volume is mounted. */
  readonly mountedAt: string;
  /** Where the server keeps its data, by its container's environment. */
  readonly pgdata: string;
  /** The project of all services but `backup`, when that is another one. */
  readonly application: string | undefined;
}

const settings = JSON.parse(readFileSync(join(FOLDER, 'settings.json'), 'utf8')) as StubSettings;
const [program, ...args] = process.argv.slice(2) as [string, ...string[]];
const variables = Object.fromEntries(
  ['COMPOSE_FILE', 'COMPOSE_PROJECT_NAME'].map((name) => [name, process.env[name]]),
);
appendFileSync(
  join(FOLDER, 'calls'),
  `${JSON.stringify({ program, args, folder: process.cwd(), variables })}\n`,
);

process.exitCode = await answer();

async function answer(): Promise<number> {
  if (program === 'docker-compose') return compose(args);
  const [command, ...rest] = args;
  if (command === 'compose')
    return settings.compose === 2 ? compose(rest) : complain("docker: 'compose' is not a docker command.");
  if (command === 'inspect') return inspect(rest);
  if (command === 'ps') return listContainers(rest);
  if (command === 'stop') return endContainer(rest.at(-1)!, 1, 'SIGTERM');
  if (command === 'kill') return endContainer(rest.at(-1)!, -1, 'SIGKILL');
  if (command === 'run') return runContainer(rest);
  return complain(`unknown command: docker ${command ?? ''}`);
}

async function compose(given: readonly string[]): Promise<number> {
  const global = given.findLastIndex((word) => word === '--profile' || word === '-p');
  const [command, ...options] = given.slice(global < 0 ? 0 : global + 2) as [string, ...string[]];
  // A service of the other project is known only to who names that, in a folder without a Compose file.
  const isKnown = (service: string): boolean =>
    settings.application === undefined ||
    (given[0] === '-p'
      ? given[1] === settings.application && process.cwd() === '/' && service !== 'backup'
      : service === 'backup');
  if (settings.failing.includes(command)) return complain(`compose ${command} fails`);
  switch (command) {
    case 'version':
      return say('Compose');
    case 'config':
      if (options.includes('--services')) return say(serviceNames().filter(isKnown).join('\n'));
      return say(
        settings.application === undefined
          ? 'services: {}'
          : `    labels:\n      geolens-backup.application: ${settings.application}`,
      );
    case 'ps': {
      if (options.includes('--status')) return complain('No such option: --status');
      const service = options.at(-1)!;
      const state = isKnown(service) ? stateOf(service) : undefined;
      if (state === undefined) return complain(`no such service: ${service}`);
      return state !== 'exited' || settings.compose === 1 || options[0]!.includes('a')
        ? say(`id-of-${service}`)
        : 0;
    }
    case 'stop':
    case 'start': {
      const names = options.filter((option, at) => !option.startsWith('-') && options[at - 1] !== '-t');
      for (const name of names) {
        if (stateOf(name) === undefined || !isKnown(name)) return complain(`no such service: ${name}`);
        writeFileSync(join(FOLDER, 'services', name), command === 'stop' ? 'exited' : 'running');
      }
      return 0;
    }
    case 'exec': {
      const [service, ...inside] = options[0] === '-T' ? options.slice(1) : options;
      return stateOf(service!) === 'running'
        ? contain(inside, {})
        : complain(`service "${service!}" is not running`);
    }
    case 'run':
      return runContainer(options);
    default:
      return complain(`unknown command: compose ${command}`);
  }
}

function inspect([, format, name]: readonly string[]): number {
  const service = name!.replace(/^id-of-/, '');
  if (format!.includes('.Mounts')) return say(`geolens_pgdata\t${settings.mountedAt}`);
  if (format!.includes('.Config.Env')) return say(`LANG=C.UTF-8\nPGDATA=${settings.pgdata}`);
  if (format!.includes('.Image')) return say('sha256:the-image');
  if (format!.includes('.Labels')) return say(settings.application ?? 'geolens');
  const state = stateOf(service) ?? (existsSync(join(FOLDER, 'containers', service)) ? 'running' : undefined);
  if (state === undefined) return complain(`No such object: ${name!}`);
  return say(format === '{{.State.Running}}' ? String(state !== 'exited') : state);
}

function listContainers(options: readonly string[]): number {
  if (options.includes('volume=geolens_pgdata'))
    return say([...(stateOf('db') === 'running' ? ['geolens-db-1'] : []), ...settings.strangers].join('\n'));
  const [project, service] = ['project', 'service'].map(
    (label) =>
      options.find((option) => option.startsWith(`label=com.docker.compose.${label}=`))?.split('=')[2],
  );
  const own = serviceNames().filter(
    (name) =>
      settings.application === undefined || (name === 'backup') !== (project === settings.application),
  );
  const running = own.filter(
    (name) =>
      (options[0]!.includes('a') || stateOf(name) !== 'exited') &&
      (service === undefined || name === service),
  );
  return say(running.map((name) => (options[0]!.includes('q') ? `id-of-${name}` : name)).join('\n'));
}

async function runContainer(options: readonly string[]): Promise<number> {
  const taking = new Set(['--name', '--network', '--user', '-v', '--entrypoint']);
  const values: Record<string, string> = {};
  const paths: Record<string, string> = {};
  let at = 0;
  for (; options[at]!.startsWith('-'); at += 1) {
    const option = options[at]!;
    if (!taking.has(option)) continue;
    at += 1;
    values[option] = options[at]!;
    if (option !== '-v') continue;
    const [source, target] = options[at]!.split(':') as [string, string];
    paths[target] = settings.volumes[source] ?? source;
  }
  const inside = [
    ...(values['--entrypoint'] === undefined ? [] : [values['--entrypoint']]),
    ...options.slice(at + 1),
  ];
  if (inside[0] === 'postgres') return say(settings.imageVersion);
  return contain(inside, paths, values['--name']);
}

/** Runs it here, with the container's paths put in the place of the folders that play them. */
async function contain(
  [file, ...rest]: readonly string[],
  paths: Readonly<Record<string, string>>,
  name?: string,
): Promise<number> {
  const mapped = rest.map((text) =>
    Object.entries({ '/tmp': join(FOLDER, 'tmp'), ...paths }).reduce(
      (was, [from, to]) => was.replaceAll(new RegExp(`(?<![\\w.])${from}(?![\\w.-])`, 'g'), () => to),
      text,
    ),
  );
  const stdio: StdioOptions = 'inherit';
  const child = spawn(file!, mapped, { stdio, detached: true });
  const record = name === undefined ? undefined : join(FOLDER, 'containers', name);
  if (record !== undefined) writeFileSync(record, String(child.pid));
  const code = await new Promise<number>((resolve) =>
    child.once('exit', (status, signal) => {
      resolve(status ?? (signal === 'SIGKILL' ? 137 : 143));
    }),
  );
  if (record !== undefined) rmSync(record);
  return code;
}

/** Signals the first process of a container, or (sign -1) all of them, and waits for its end. */
async function endContainer(name: string, sign: 1 | -1, signal: NodeJS.Signals): Promise<number> {
  const record = join(FOLDER, 'containers', name);
  if (!existsSync(record)) return complain(`No such container: ${name}`);
  process.kill(sign * Number(readFileSync(record, 'utf8')), signal);
  while (existsSync(record)) await new Promise((resolve) => setTimeout(resolve, 20));
  return 0;
}

function serviceNames(): string[] {
  return readdirSync(join(FOLDER, 'services')).sort();
}

function stateOf(service: string): string | undefined {
  const file = join(FOLDER, 'services', service);
  return existsSync(file) ? readFileSync(file, 'utf8') : undefined;
}

function say(text: string): number {
  if (text !== '') process.stdout.write(`${text}\n`);
  return 0;
}

function complain(text: string): number {
  process.stderr.write(`${text}\n`);
  return 1;
}
