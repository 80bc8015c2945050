import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';

const ROOT = new URL('../../../', import.meta.url).pathname;
const GEOLENS = 'test/container/projects/geolens/docker-compose.yml';

type Value = null | string | number | boolean | Value[] | { readonly [key: string]: Value };
type Mapping = Readonly<Record<string, Value>>;

/** Compose replaces these lists, and appends all others. */
const REPLACED = new Set(['command', 'entrypoint', 'test']);

const isMapping = (value: Value | undefined): value is Mapping =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Merges as Compose does: mappings key by key, lists by appending. */
function merged(one: Value, other: Value, key = ''): Value {
  if (isMapping(one) && isMapping(other)) {
    const keys = [...new Set([...Object.keys(one), ...Object.keys(other)])];
    return Object.fromEntries(
      keys.map((name) => [
        name,
        one[name] === undefined
          ? other[name]!
          : other[name] === undefined
            ? one[name]
            : merged(one[name], other[name], name),
      ]),
    );
  }
  return Array.isArray(one) && Array.isArray(other) && !REPLACED.has(key) ? [...one, ...other] : other;
}

/** Returns the services of a file, each merged onto the one that it extends. */
function servicesOf(file: string): Mapping {
  const { services } = parseAllDocuments(readFileSync(join(ROOT, file), 'utf8'), {
    merge: true,
  })[0]!.toJS() as { services?: Mapping };
  return Object.fromEntries(
    Object.entries(services ?? {}).map(([name, service]) => {
      const { extends: base, ...own } = service as { extends?: { file: string; service: string } } & Mapping;
      return [
        name,
        base === undefined ? own : merged(servicesOf(join(dirname(file), base.file))[base.service]!, own),
      ];
    }),
  );
}

/** Returns the path of every list that holds an item twice. */
function repetitions(value: Value, path = ''): string[] {
  if (Array.isArray(value))
    return new Set(value.map((item) => JSON.stringify(item))).size < value.length ? [path] : [];
  return isMapping(value)
    ? Object.entries(value).flatMap(([key, inner]) =>
        repetitions(inner, path === '' ? key : `${path}.${key}`),
      )
    : [];
}

const repeatedIn = (files: readonly string[]): string[] =>
  repetitions(files.map(servicesOf).reduce((one, other) => merged(one, other) as Mapping));

/** Every text that an operator reads. */
function documentation(): string[] {
  const inFolder = (folder: string, name: RegExp): string[] =>
    readdirSync(join(ROOT, folder))
      .filter((file) => name.test(file))
      .map((file) => join(folder, file));
  return ['README.md', 'compose.yaml', ...inFolder('docs', /\.md$/), ...inFolder('docker', /\.yaml$/)].map(
    (file) => readFileSync(join(ROOT, file), 'utf8'),
  );
}

describe('Compose files that are merged', () => {
  const documented = [
    ...new Set(
      documentation().flatMap((text) =>
        [...text.matchAll(/docker compose ((?:-f \S+ )+)/g)].map(([, files]) =>
          files!.trim().replaceAll('-f ', ''),
        ),
      ),
    ),
  ].map((files) => files.split(' '));

  it('are known to this test', () => {
    expect(documented.sort()).toEqual([
      ['compose.yaml', 'compose.page.yaml'],
      ['compose.yaml', 'compose.secrets.yaml'],
    ]);
  });

  it.each(documented)('have no list that holds an item twice: %s and %s', (...files) => {
    expect(repeatedIn(files.map((file) => join('docker', file)))).toEqual([]);
  });

  it('are never those of another project: the documentation writes no COMPOSE_FILE with two', () => {
    expect(documentation().flatMap((text) => /COMPOSE_FILE=\S*:\S*/.exec(text)?.[0] ?? [])).toEqual([]);
  });

  it('would have such lists if GeoLens’s and ours were merged', () => {
    expect(repeatedIn([GEOLENS, 'docker/compose.backup.yaml'])).toEqual(
      expect.arrayContaining(['backup.security_opt', 'backup.cap_drop']),
    );
  });
});

describe('compose.yaml, beside GeoLens', () => {
  it.each(['docker/compose.geolens.yaml', 'docker/compose.yaml', GEOLENS])(
    '%s has no list that holds an item twice',
    (file) => {
      expect(repeatedIn([file])).toEqual([]);
    },
  );

  it('defines nothing that it includes: Compose refuses a service that both define', () => {
    expect(servicesOf('compose.yaml')).toEqual({});
  });

  it('has a backup that every `up -d` starts, and helpers that none does', () => {
    const profiles = Object.entries(servicesOf('docker/compose.geolens.yaml')).map(([name, service]) => [
      name,
      (service as Mapping)['profiles'],
    ]);
    expect(Object.fromEntries(profiles)).toEqual({
      backup: undefined,
      restore: ['restore'],
      'restore-test': ['restore-test'],
      adopt: ['adopt'],
    });
  });

  it('reads every variable of the .env that README.md writes, and the snippet writes all that it needs', () => {
    const [, env] = /^cat > \.env <<EOF\n(.*?)^EOF$/ms.exec(readFileSync(join(ROOT, 'README.md'), 'utf8'))!;
    const names = [...env!.matchAll(/^(\w+)=/gm)].map(([, name]) => name!);
    const files = ['compose.yaml', 'docker/compose.geolens.yaml', 'docker/compose.backup.yaml']
      .map((file) => readFileSync(join(ROOT, file), 'utf8'))
      .join('\n');
    expect(names.filter((name) => !files.includes(`\${${name}`))).toEqual([]);
    const needed = [...files.matchAll(/\$\{(\w+):\?/g)].map(([, name]) => name!);
    expect(names).toEqual(expect.arrayContaining(needed));
  });

  it('takes GEOLENS_BACKUP_MEMORY, else BACKUP_MEM_LIMIT of GeoLens, as its memory', () => {
    const services = servicesOf('docker/compose.geolens.yaml') as Record<string, Mapping>;
    for (const name of ['backup', 'restore', 'restore-test'])
      expect(services[name]!['mem_limit']).toBe('${GEOLENS_BACKUP_MEMORY:-${BACKUP_MEM_LIMIT:-2g}}');
  });
});
