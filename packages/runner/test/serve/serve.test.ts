import { expect, it } from 'vitest';
import { MemoryStore, type ManualClock } from '@geolens/backup-core/testing';
import { freePort } from '../../../../test/support/free-port.ts';
import { serve } from '../../src/serve/serve.ts';
import { commandKit } from '../support/command-kit.ts';

it('`serve` that ends with an error listens no more: its process could not end otherwise', async () => {
  const { context, output } = await commandKit(new MemoryStore());
  const { clock } = context.services as unknown as { clock: ManualClock };
  clock.sleepUntil = () => Promise.reject(new Error('no clock'));
  const port = await freePort();
  const http = { host: '127.0.0.1', port, allowedHosts: [] };
  const config = { ...context.config, restoreTestSchedule: undefined, http };
  await expect(serve({ ...context, config })).rejects.toThrow('no clock');
  expect(output.logged).toContain(`http://127.0.0.1:${port}`);
  await expect(fetch(`http://127.0.0.1:${port}/health`)).rejects.toThrow('fetch failed');
});
