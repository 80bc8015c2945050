import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { TestDatabase } from '../../support/clusters.ts';

export interface OwnExtension {
  readonly name: string;
  /** Lines of the control file, besides the default version. */
  readonly control?: string;
  /** The scripts, by version; the first is the default one. */
  readonly scripts: Readonly<Record<string, string>>;
}

/** Installs an extension for the test on the server of the database. */
export async function installExtension(
  database: TestDatabase,
  { name, control = '', scripts }: OwnExtension,
): Promise<void> {
  const folder = await database.query(
    `SELECT setting || '/extension' FROM pg_config WHERE name = 'SHAREDIR'`,
  );
  const [usual] = Object.keys(scripts);
  const files = {
    [`${name}.control`]: `default_version = '${usual}'\n${control}\n`,
    ...Object.fromEntries(
      Object.entries(scripts).map(([version, script]) => [`${name}--${version}.sql`, script]),
    ),
  };
  for (const [file, content] of Object.entries(files)) {
    const path = join(folder, file);
    writeFileSync(path, content);
    onTestFinished(() => {
      rmSync(path, { force: true });
    });
  }
}
