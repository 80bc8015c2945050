import { readFileSync } from 'node:fs';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it, onTestFinished, type TestContext } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { runProgram } from '../support/run-program.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

interface Resource {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly spec?: { readonly schedule?: string };
}

/** Skips the test if the program is not on this machine. */
async function demand(context: TestContext, program: string, ...args: readonly string[]): Promise<void> {
  await runProgram(program, args).catch(() => context.skip(`${program} is not here`));
}

async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'geolens-recipes-'));
  onTestFinished(() => rm(path, { recursive: true, force: true }));
  return path;
}

it('systemd accepts the unit', async (context) => {
  await demand(context, 'systemd-analyze', '--version');
  const unit = readFileSync(join(ROOT, 'docker/systemd/geolens-backup.service'), 'utf8');
  const path = join(await folder(), 'geolens-backup.service');
  await writeFile(path, unit.replace(/^ExecStart=\S+/m, 'ExecStart=/bin/true'));
  await runProgram('systemd-analyze', ['verify', '--man=no', path]);
});

it('Kustomize builds the files for Kubernetes, and the example on top of them', async (context) => {
  await demand(context, 'kubectl', 'version', '--client');
  const built = async (name: string): Promise<Resource[]> =>
    parseAllDocuments(await runProgram('kubectl', ['kustomize', join(ROOT, 'docker', name)])).map(
      (document) => document.toJS() as Resource,
    );
  const [base, example] = [await built('kubernetes'), await built('kubernetes-example')];
  const names = (resources: Resource[]): string[] => resources.map(({ metadata }) => metadata.name);
  expect(names(example)).toEqual(names(base));
  expect(new Set(example.map(({ metadata }) => metadata.namespace))).toEqual(new Set(['geolens']));
  const jobs = example.filter(({ kind }) => kind === 'CronJob');
  expect(jobs.map(({ spec }) => spec?.schedule)).toEqual(['30 1 * * *', '0 4 * * 0']);
  for (const job of jobs) expect(JSON.stringify(job)).toContain('"registry.example.com/geolens-backup:pg17"');
});

it('the short command of the documentation passes its arguments to the container', async () => {
  const [, snippet] = /^```sh\n(gb\(\) .*?)```/ms.exec(
    readFileSync(join(ROOT, 'docs/container.md'), 'utf8'),
  )!;
  const bin = await folder();
  await writeFile(join(bin, 'docker'), '#!/bin/sh\nprintf "%s|" "$@"\n');
  await chmod(join(bin, 'docker'), 0o755);
  const printed = await runProgram('bash', ['-c', `${snippet!}\ngb verify "a b" --restore`], {
    env: { PATH: `${bin}:${process.env['PATH']!}` },
  });
  expect(printed).toBe(
    'compose|--project-directory|/srv/backup|exec|backup|geolens-backup|verify|a b|--restore|',
  );
});
