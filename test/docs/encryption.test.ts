import { readFileSync } from 'node:fs';
import { mkdir, readFile, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, inject, it } from 'vitest';
import { freshFolder } from '../adapter-age/support/keys.ts';
import { newRestorer } from '../cli/restore/support/restorer.ts';
import { freshBucket, replicaEnv } from '../support/buckets.ts';
import { anyCluster } from '../support/clusters.ts';
import { runProgram } from '../support/run-program.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const PAGE = readFileSync(join(ROOT, 'docs/encryption.md'), 'utf8');
/** The set that the page names. */
const EXAMPLE = '20261122_020000';
const DOWNLOAD = 'Restore by hand';

/** The blocks of the page in their order, each with its heading. */
const blocks = PAGE.split(/^## /m)
  .slice(1)
  .flatMap((section) =>
    [...section.matchAll(/^```(sh|console)\n(.*?)^```$/gms)].map(([, language, text]) => ({
      heading: section.slice(0, section.indexOf('\n')),
      language,
      lines: text!.trim().split('\n'),
    })),
  );

it.skipIf(inject('gateway') === undefined)(
  'the commands of docs/encryption.md work in their order: from the first key to plain sets',
  async () => {
    const [restorer, bucket, folder] = await Promise.all([
      newRestorer(anyCluster(), { content: 'slim' }),
      freshBucket(),
      freshFolder(),
    ]);
    const { database, binDir } = restorer.database;
    await mkdir(join(folder, 'bin'));
    await symlink(join(ROOT, 'packages/runner/bin/geolens-backup.js'), join(folder, 'bin', 'geolens-backup'));
    const env: Record<string, string> = {
      HOME: folder,
      PATH: [join(folder, 'bin'), dirname(process.execPath), binDir, process.env['PATH']].join(':'),
      ...restorer.env,
      ...replicaEnv(bucket),
    };
    /** Identities, as they were stored elsewhere, in the order of their making. */
    const keys = new Map<string, string>();
    const printed = new Map<string, string>();
    const newest = async (): Promise<string> =>
      (await bucket.keys())
        .flatMap((key) => /manifest-(\d{8}_\d{6})\.json$/.exec(key)?.[1] ?? [])
        .sort()
        .at(-1) ?? '';

    const recipientsOf = (count: number): string => {
      const all = [...keys.values()].map((text) => /public key: (\S+)/.exec(text)![1]);
      return all.slice(-count).join(',');
    };
    const before: Readonly<Record<string, () => Promise<void>>> = {
      'Restore on a new machine': async () => {
        const journal = join(restorer.volume.backups, `.geolens-backup.${database}.json`);
        const { keyChecks } = JSON.parse(await readFile(journal, 'utf8')) as { keyChecks: object };
        expect(Object.keys(keyChecks)).toHaveLength(2);
        for (const name of await readdir(restorer.volume.backups))
          await rm(join(restorer.volume.backups, name), { recursive: true });
        await restorer.ask('DELETE FROM catalog.notes');
      },
      [DOWNLOAD]: async () => {
        for (const key of (await bucket.keys()).filter((one) => one.includes('/daily/')))
          await bucket.download(key, join(folder, key.split('/').at(-1)!));
        await writeFile(join(folder, 'geolens.key'), keys.get('geolens.key')!, { mode: 0o600 });
      },
    };

    let heading = '';
    for (const block of blocks) {
      if (block.heading !== heading) await before[block.heading]?.();
      heading = block.heading;
      if (block.language === 'sh') {
        for (const [, name, value] of block.lines.join('\n').matchAll(/^(\w+)=(.*)$/gm))
          env[name!] = name === 'BACKUP_AGE_RECIPIENTS' ? recipientsOf(value!.split(',').length) : value!;
        continue;
      }
      const timestamp = await newest();
      for (const line of block.lines) {
        expect(line).toMatch(/^\$ /);
        const command = line
          .slice(2)
          .replaceAll(`geolens_${EXAMPLE}`, `${database}_${timestamp}`)
          .replaceAll(EXAMPLE, timestamp)
          .replaceAll('geolens_copy', `${database}_copy`);
        const script = `cd '${folder}' && ${command}`;
        // On a terminal: the identity, Ctrl-D, and the answer to the question of a restore.
        const text = command.includes('--identity-file -')
          ? await runProgram('script', ['-qec', script, '/dev/null'], {
              env: { ...env, SHELL: '/bin/bash' },
              input: `${/^AGE-.*$/m.exec(keys.get('geolens.key')!)![0]}\n\u0004y\n`,
            })
          : await runProgram('bash', ['-c', script], { env });
        printed.set(line, text.replace(/^AGE-.*$/m, ''));
        for (const name of (await readdir(folder)).filter((one) => one.endsWith('.key') && !keys.has(one)))
          keys.set(name, await readFile(join(folder, name), 'utf8'));
      }
      if (heading === 'Restore on a new machine')
        expect(await restorer.ask('SELECT count(*) FROM catalog.notes')).toBe('60');
      const made = await newest();
      if (made === '') continue;
      const manifest = (await bucket.get(`backups/daily/manifest-${made}.json`)).toString();
      expect(manifest.includes('"encryption"'), heading).toBe(heading !== 'Switch encryption off');
    }
    expect(printed.get('$ geolens-backup restore latest --store s3 --identity-file -')).toContain(
      'Go on? [y/N]',
    );
    expect([...printed.values()].join('\n')).not.toContain('AGE-SECRET-KEY');
    expect(blocks.map((block) => block.heading)).toContain(DOWNLOAD);
    await restorer.ask(`DROP DATABASE IF EXISTS "${database}_copy"`, 'postgres');
  },
  240_000,
);
