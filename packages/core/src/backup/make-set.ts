import type { Manifest, Suspicion } from '../model/manifest.ts';
import { sizeAnomalies } from './size-anomalies.ts';
import type { PreparedRun } from './prepare.ts';
import { produce, type Produced } from './produce.ts';
import { publish, type Published } from './publish.ts';
import type { RunContext } from './run-context.ts';

/**
 * Produces, verifies, judges and publishes one set. A set with a size anomaly is published as suspicious: the
 * copy is good, but the database may have lost data. A failure leaves nothing behind.
 */
export async function makeSet(
  { parts, options, startedAt, phases, stagedUploads, signal }: RunContext,
  { timestamp, former, sizeBaseline }: PreparedRun,
): Promise<Published> {
  const { verify = 'readable', toolVersion, sizeAnomalyThreshold } = options;
  const { database } = parts.producer;
  const { cipher } = parts;
  const encryption = cipher && { cipher, phases, stagedUploads, signal };
  const produced = await produce(parts, {
    ...{ timestamp, verify, phases, former, signal },
    ...(encryption === undefined ? { stagedUploads } : { encryption }),
  });
  if (produced.artifacts.some(({ entry }) => entry.tableCount === 0)) {
    phases.warn(`the database ${database} has no tables: is this the right server and database?`);
  }
  if (former !== undefined && hasStaging(former.artifacts) && !hasStaging(entriesOf(produced)))
    phases.warn(
      `the former set (${former.timestamp}) has a staging archive, this one has none: is its volume mounted?`,
    );
  const reasons = sizeAnomalies(entriesOf(produced), sizeBaseline.former, sizeAnomalyThreshold);
  const suspicion: Suspicion | undefined =
    reasons.length === 0 ? undefined : { reasons, at: parts.clock.now().toISOString() };
  const description = {
    timestamp,
    database,
    toolVersion,
    verified: verify,
    startedAt,
    finishedAt: parts.clock.now(),
    suspicion,
    acceptedSince: sizeBaseline.acceptedSince,
    warnings: [...phases.warnings],
  };
  return publish(produced, description, { phases, encryption, signer: parts.signer, signal });
}

function entriesOf({ artifacts }: Produced): Manifest['artifacts'] {
  return artifacts.map(({ entry }) => entry);
}

function hasStaging(artifacts: Manifest['artifacts']): boolean {
  return artifacts.some(({ kind }) => kind === 'staging');
}
