import { afterAll, beforeAll } from 'vitest';
import type { Engine } from './engine.ts';
import { buildImages, type Images } from './images.ts';
import { Stack } from './stack.ts';

/** What all steps work on: it is there once the tests run. */
export interface Ground {
  readonly engine: Engine;
  readonly images: Images;
  readonly stack: Stack;
  /** A line for whoever reads what was done. */
  log(line: string): void;
}

/** A schedule that is due at every minute. */
export const MINUTELY = {
  BACKUP_SCHEDULE: '* * * * *',
  BACKUP_RETENTION_DAILY: '500',
  BACKUP_RETENTION_WEEKLY: '500',
};
/** A schedule that is not due while a test is at work. */
export const YEARLY = {
  BACKUP_SCHEDULE: '@yearly',
  BACKUP_ON_START: 'never',
  BACKUP_RETENTION_DAILY: '500',
  BACKUP_RETENTION_WEEKLY: '500',
};

/**
 * Builds the images and lays the project before the tests that follow, and removes all of it, the engine too,
 * after them.
 */
export function layGround(engine: Engine, log: (line: string) => void): Ground {
  const undo = [() => engine.stop()];
  let made: { readonly images: Images; readonly stack: Stack } | undefined;
  const parts = (): NonNullable<typeof made> => {
    if (made === undefined)
      throw new Error('the ground is laid before the tests, not while they are collected');
    return made;
  };
  beforeAll(async () => {
    log(`on ${engine.description}`);
    const images = await buildImages(engine, log);
    undo.push(() => images.remove());
    const stack = await Stack.make(engine, images);
    undo.push(() => stack.remove());
    made = { images, stack };
  });
  afterAll(async () => {
    log('down: containers, volumes, images, engine');
    for (const step of undo.reverse()) await step();
  });
  return {
    engine,
    log,
    get images() {
      return parts().images;
    },
    get stack() {
      return parts().stack;
    },
  };
}
