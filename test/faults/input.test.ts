import { describe, expect, it } from 'vitest';
import { geolensBackup } from '../support/cli.ts';
import { carryOut } from './support/campaign.ts';
import { fuzzedSchedules, fuzzedSettings } from './support/input/settings.ts';
import { patience } from './support/plan.ts';
import { newScene, type Scene } from './support/scene.ts';
import { hasToBeSound } from './support/sound.ts';

const family = 'input';

interface Lane {
  readonly scene: Scene;
  /** Every variable that there is. */
  readonly names: readonly string[];
}

async function laneOf(number: number): Promise<Lane> {
  const scene = await newScene(number);
  await scene.operator.goodRun();
  const { stdout } = await geolensBackup(['config', '--json'], { env: {} });
  return { scene, names: (JSON.parse(stdout) as { name: string }[]).map(({ name }) => name) };
}

/** Does a command with these settings on top of those that work, and answers its exit code. */
async function soundly(
  scene: Scene,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<number> {
  try {
    return hasToBeSound(args, await scene.operator.backup(args, { env })).code!;
  } catch (error) {
    throw new Error(`with ${JSON.stringify(env)}: ${(error as Error).message}`, { cause: error });
  }
}

describe('settings that nobody should give', () => {
  it('are taken or refused with reasons, and harm no set', { timeout: patience }, async () => {
    await carryOut<Lane>({
      family,
      kind: 'settings',
      short: 4,
      share: 0.25,
      lane: laneOf,
      program: async ({ scene, names }, random) => {
        const before = await scene.witness.inspect();
        const { host, port, user, database } = scene.operator.database;
        const env = {
          ...(random.chance(0.4) && {
            DATABASE_URL: '',
            POSTGRES_HOST: host,
            POSTGRES_PORT: String(port),
            POSTGRES_USER: user,
            POSTGRES_DB: database,
          }),
          ...(random.chance(0.3) && {
            BACKUP_S3_ENABLED: 'true',
            S3_BUCKET: 'bucket',
            S3_ENDPOINT: 'http://127.0.0.1:1',
            S3_TIMEOUT_SECONDS: '1',
          }),
          ...fuzzedSettings(random, names),
        };
        const config = await soundly(scene, ['config'], env);
        const doctor = await soundly(scene, ['doctor', '--json'], env);
        expect([0, 2]).toContain(config);
        expect(
          doctor === 2,
          `config ends with ${config}, doctor with ${doctor}: ${JSON.stringify(env)}`,
        ).toBe(config === 2);
        expect(await scene.witness.inspect()).toEqual({
          sets: before.sets.map((set) => ({ ...set, ageSeconds: expect.any(Number) as number })),
        });
        return config === 0 ? `taken, doctor ${doctor}` : 'refused';
      },
    });
  });
});

describe('schedules that nobody should give', () => {
  it('are taken or refused with reasons, and those that are taken have moments', {
    timeout: patience,
  }, async () => {
    await carryOut<Scene>({
      family,
      kind: 'schedules',
      short: 4,
      share: 0.15,
      lane: async (number) => (await laneOf(number)).scene,
      program: async (scene, random) => {
        const env = fuzzedSchedules(random);
        const config = await soundly(scene, ['config'], env);
        expect([0, 2]).toContain(config);
        if (config === 2) return 'refused';
        // Both ask for the moments of the schedule.
        const health = await soundly(scene, ['health'], env);
        const doctor = await soundly(scene, ['doctor', '--json'], env);
        expect([0, 1], JSON.stringify(env)).toContain(health);
        expect([0, 1], JSON.stringify(env)).toContain(doctor);
        return 'taken';
      },
    });
  });
});
