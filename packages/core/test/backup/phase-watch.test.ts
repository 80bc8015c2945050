import { expect, it } from 'vitest';
import { Phases, type PhaseProgress, type RunEvent } from '../../src/progress/phases.ts';
import { ManualClock } from '../../src/testing/manual-clock.ts';

async function* chunks(count: number, bytes: number): AsyncGenerator<Uint8Array> {
  for (let index = 0; index < count; index += 1) yield await Promise.resolve(new Uint8Array(bytes));
}

async function reported(work: (phases: Phases) => Promise<unknown>): Promise<RunEvent[]> {
  const events: RunEvent[] = [];
  await work(new Phases(new ManualClock('2026-11-22T02:00:00Z'), (event) => events.push(event)));
  return events;
}

const bytesOf = (events: readonly RunEvent[]): number[] =>
  events
    .filter((event): event is RunEvent & PhaseProgress => event.event === 'phase.progress')
    .map(({ bytes }) => bytes);

const drain = async (content: AsyncIterable<Uint8Array>): Promise<void> => {
  for await (const chunk of content) expect(chunk).toBeDefined();
};

it('a phase tells after every megabyte how far it is, and passes every byte on', async () => {
  let passed = 0;
  const events = await reported((phases) =>
    phases.measure(
      'produce',
      async (watch) => {
        for await (const chunk of watch.content(chunks(5, 600_000))) passed += chunk.length;
      },
      { artifact: 'dump', expected: { about: 4_000_000 } },
    ),
  );
  expect(passed).toBe(3_000_000);
  expect(events[0]).toEqual({ event: 'phase.started', phase: 'produce', artifact: 'dump', tier: undefined });
  expect(events.slice(1, -1)).toEqual(
    [1_200_000, 2_400_000].map((bytes) => ({
      event: 'phase.progress',
      phase: 'produce',
      artifact: 'dump',
      tier: undefined,
      bytes,
      expected: 4_000_000,
    })),
  );
});

it('what is read twice does not go beyond the whole', async () => {
  const source = { bytes: 2_000_000, sha256: '', open: () => chunks(2, 1_000_000) };
  const events = await reported((phases) =>
    phases.measure(
      'verify',
      async (watch) => {
        for (let time = 0; time < 2; time += 1) await drain(watch.source(source).open());
      },
      { artifact: 'dump', expected: { atMost: 2_000_000 } },
    ),
  );
  expect(bytesOf(events)).toEqual([1_000_000, 2_000_000, 2_000_000, 2_000_000]);
});

it('a phase that fails says so, and is no phase that ended well', async () => {
  const events = await reported((phases) =>
    phases
      .measure('replicate', () => Promise.reject(new Error('no')), { artifact: 'dump', tier: 'daily' })
      .catch(() => undefined),
  );
  const of = { phase: 'replicate', artifact: 'dump', tier: 'daily' };
  expect(events).toEqual([
    { event: 'phase.started', ...of },
    { event: 'phase.failed', ...of },
  ]);
});

it('who leaves off reading lets go of what he read from', async () => {
  let closed = false;
  async function* content(): AsyncGenerator<Uint8Array> {
    try {
      yield* chunks(9, 1);
    } finally {
      closed = true;
    }
  }
  await reported((phases) =>
    phases.measure('produce', async (watch) => {
      for await (const chunk of watch.content(content())) {
        expect(chunk).toBeDefined();
        break;
      }
    }),
  );
  expect(closed).toBe(true);
});
