import type { ArtifactKind } from '../naming/artifact-name.ts';
import type { Archiver } from '../ports/archiver.ts';
import type { Drill, DrillOptions } from '../ports/drill.ts';
import type { RestoreInput } from '../ports/dump-restorer.ts';
import { contentOf, type RestoreArtifact } from '../ports/restore-artifact.ts';
import type { Copy } from './copy.ts';
import { unprovable, type DrillReport } from './drill-report.ts';
import type { CopyReading } from './read-copy.ts';
import { rehearse } from './rehearse.ts';

export interface DrillParts {
  readonly drill: Drill;
  readonly archiver: Archiver;
}

export interface DrilledCopy {
  readonly reading: CopyReading;
  /** Undefined where there was no sense in a drill: the dump, or what it is restored with, is damaged. */
  readonly drill: DrillReport | undefined;
}

/**
 * Brings the dump to a drill's ground, where it does not lie on this machine, has it read, and rehearses its
 * restore. What lies elsewhere is fetched once, and read from what arrived.
 */
export async function drillCopy(
  { drill, archiver }: DrillParts,
  copy: Copy,
  dump: RestoreArtifact,
  read: (copy: Copy) => Promise<CopyReading>,
  options: DrillOptions,
): Promise<DrilledCopy> {
  const { manifest } = copy;
  const keptBytes = dump.path === undefined ? dump.bytes : 0;
  const opened = await drill.open(
    { databaseBytes: manifest?.databaseBytes, dumpBytes: dump.bytes, keptBytes },
    options,
  );
  if ('unprovable' in opened) return { reading: await read(copy), drill: unprovable(opened.unprovable) };
  await using ground = opened;
  if (dump.path === undefined) options.observer?.({ event: 'step', step: 'fetch' });
  const here = dump.path === undefined ? await ground.keep(dump) : dump;
  const reading = await read({ ...copy, artifacts: { ...copy.artifacts, dump: here } });
  if (isDamaged(reading, 'dump', 'globals')) return { reading, drill: undefined };
  const { globals } = copy.artifacts;
  const input: RestoreInput = {
    dump: contentOf(here),
    globals: globals && contentOf(globals),
    manifest,
    privilegedRoles: true,
  };
  const staging = isDamaged(reading, 'staging') ? 'damaged' : reading.staging;
  return { reading, drill: await rehearse(ground, input, staging, { archiver, signal: options.signal }) };
}

/** Whether something is wrong with one of these, or with any where none are named. */
export function isDamaged({ artifacts }: CopyReading, ...kinds: readonly ArtifactKind[]): boolean {
  return artifacts.some(
    ({ kind, problem }) => problem !== undefined && (kinds.length === 0 || kinds.includes(kind)),
  );
}
