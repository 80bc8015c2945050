import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { geolensBackup, settingsFor, type Place } from './geolens-backup.ts';
import { measure } from './measure.ts';
import type { Sample } from './results.ts';

interface RunJson {
  readonly phases: readonly {
    readonly phase: string;
    readonly artifact?: string;
    readonly milliseconds: number;
  }[];
  readonly manifest: {
    readonly tiers: readonly string[];
    readonly artifacts: readonly { readonly compression?: string }[];
  };
}

export interface OurRun {
  readonly sample: Sample;
  /** How the dump is compressed, as the manifest has it. */
  readonly compression: string;
}

/** A whole run of this software: dump, archive, proof, both tiers, copies on S3, retention. */
export async function measureOurs(place: Place, more: Readonly<Record<string, string>>): Promise<OurRun> {
  const { measured, stdout } = await measure(
    geolensBackup(['run', '--json'], { ...settingsFor(place), ...more }),
  );
  const { phases, manifest } = JSON.parse(stdout) as RunJson;
  const seconds: Record<string, number> = {};
  for (const { phase, artifact, milliseconds } of phases) {
    const name = [phase, artifact].filter(Boolean).join(' ');
    seconds[name] = (seconds[name] ?? 0) + milliseconds / 1000;
  }
  const bytes = finishedFiles(place.backups).reduce((sum, file) => sum + statSync(file).size, 0);
  return {
    sample: { ...measured, bytes, phases: seconds },
    compression:
      manifest.artifacts
        .map(({ compression }) => compression)
        .find((compression) => compression !== undefined) ?? 'none',
  };
}

/** The files of the daily sets. */
export function finishedFiles(backups: string): readonly string[] {
  const daily = join(backups, 'daily');
  return readdirSync(daily)
    .filter((name) => !name.startsWith('.'))
    .map((name) => join(daily, name));
}
