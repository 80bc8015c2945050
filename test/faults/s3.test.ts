import { describe, inject, it } from 'vitest';
import { startFaultProxy, type FaultProxy, type FaultRule } from '../support/fault-proxy.ts';
import type { Fault } from '../support/faults.ts';
import type { S3Operation } from '../support/s3-operation.ts';
import { carryOut } from './support/campaign.ts';
import { honest } from './support/honest.ts';
import { writeRaster } from './support/large-file.ts';
import { patience } from './support/plan.ts';
import type { Random } from '../support/random.ts';
import { newScene, type Scene } from './support/scene.ts';

interface Lane {
  readonly scene: Scene;
  readonly proxy: FaultProxy;
}

async function laneOf(number: number, encrypt?: 'replicas'): Promise<Lane> {
  const scene = await newScene(number, { s3: true, encrypt });
  const proxy = await startFaultProxy(scene.bucket!.endpoint);
  await scene.operator.goodRun();
  return { scene, proxy };
}

const OPERATIONS: readonly S3Operation[] = [
  'PutObject',
  'PutObject',
  'UploadPart',
  'CopyObject',
  'CreateMultipartUpload',
  'CompleteMultipartUpload',
  'AbortMultipartUpload',
  'ListMultipartUploads',
  'ListObjectsV2',
  'GetObject',
  'HeadObject',
  'DeleteObject',
];

function randomFault(random: Random): Fault {
  return random.pick<() => Fault>([
    () => ({ kind: 'status', status: random.pick([400, 403, 404, 409, 412, 429, 500, 501, 503]) }),
    () => ({ kind: 'reset', afterBytes: random.whole(0, 300_000) }),
    () => ({ kind: 'reset' }),
    () => ({ kind: 'swallow' }),
    () => ({ kind: 'hang' }),
    () => ({ kind: 'etag', etag: '"0123456789abcdef0123456789abcdef"' }),
    () => ({ kind: 'corrupt' }),
  ])();
}

/** Some rules; each strikes some requests of one operation, or of all. */
function randomProgram(random: Random): readonly FaultRule[] {
  return Array.from({ length: random.whole(1, 3) }, () => {
    const operation = random.chance(0.15) ? undefined : random.pick(OPERATIONS);
    const fault = randomFault(random);
    const from = random.whole(0, 4);
    let seen = 0;
    const when: FaultRule['when'] = (request) =>
      (operation === undefined || request.operation === operation) && seen++ >= from;
    return { when, times: fault.kind === 'hang' ? 1 : random.pick([1, 1, 2, 4, 1_000]), do: fault };
  });
}

describe.skipIf(inject('gateway') === undefined)('a bucket', () => {
  it.each([
    ['', undefined, 4, 0.7],
    [', with encrypted sets,', 'replicas', 3, 0.3],
  ] as const)(
    'on the way to which anything happens%s costs no set, never has a bad one, and is made up for by the next run',
    { timeout: patience },
    async (_, encrypt, short, share) => {
      await carryOut<Lane>({
        family: 's3',
        kind: encrypt === undefined ? 'program of faults' : 'program of faults, encrypted',
        short,
        share,
        lane: (number) => laneOf(number, encrypt),
        program: async ({ scene, proxy }, random) => {
          scene.daysPass(random);
          await writeRaster(scene.operator, { large: random.chance(0.25) });
          const rules = randomProgram(random);
          return scene.costsNothing(async () => {
            for (const rule of rules) proxy.fault(rule);
            const end = await scene.does(['run', '--json'], {
              S3_ENDPOINT: proxy.endpoint,
              S3_TIMEOUT_SECONDS: '1',
              BACKUP_SHRINK_THRESHOLD: '0',
            });
            proxy.heal();
            return `${[...new Set(rules.map((rule) => rule.do.kind))].sort().join(' and ')}: ${await honest(scene, end)}`;
          });
        },
      });
    },
  );
});
