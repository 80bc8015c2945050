import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { mount, unmount } from './mounts.ts';

const ATTEMPTS = 50;
const BYTES = 48 * 1024 * 1024;

/**
 * The system writes nothing back by itself: neither the journal every five seconds, nor a file's data when a
 * name is replaced. What survives is what was flushed.
 */
const OPTIONS = 'loop,commit=3600,noauto_da_alloc';

/** Why there are no tests that cut the power; undefined when there are. */
export const noPowerCuts = whyNot();

/** A disk of its own with ext4 over a folder, from which power can be cut. */
export class Ext4Volume {
  readonly #folder: string;
  readonly #image: string;

  /** Mounts it for the test that runs. */
  constructor(folder: string) {
    const place = mkdtempSync(join(tmpdir(), 'geolens-disk-'));
    this.#folder = folder;
    this.#image = join(place, 'image');
    format(this.#image);
    this.#mount();
    onTestFinished(() => {
      spawnSync('umount', ['--lazy', folder]);
      rmSync(place, { recursive: true });
    });
  }

  /** What was not flushed is gone, as with the power; then the machine is on again. Nobody may be writing. */
  cutPower(): void {
    const survived = `${this.#image}.survived`;
    execFileSync('cp', ['--sparse=always', this.#image, survived]);
    this.#unmount(); // flushes, to the image that nobody looks at any more
    execFileSync('mv', [survived, this.#image]);
    this.#mount();
  }

  /** A program that was killed may hold it for a moment. */
  #unmount(): void {
    for (let attempt = 1; ; attempt += 1) {
      try {
        unmount(this.#folder);
        return;
      } catch (error) {
        if (attempt === ATTEMPTS) throw error;
        execFileSync('sleep', ['0.1']);
      }
    }
  }

  #mount(): void {
    mount(['-t', 'ext4', '-o', OPTIONS, this.#image, this.#folder]);
  }
}

function format(image: string): void {
  writeFileSync(image, '');
  truncateSync(image, BYTES);
  execFileSync('mkfs.ext4', ['-q', '-F', '-E', 'lazy_itable_init=0,lazy_journal_init=0', image], {
    stdio: 'pipe',
  });
}

function whyNot(): string | undefined {
  const place = mkdtempSync(join(tmpdir(), 'geolens-disk-'));
  try {
    format(join(place, 'image'));
    execFileSync('mkdir', [join(place, 'folder')]);
    mount(['-t', 'ext4', '-o', OPTIONS, join(place, 'image'), join(place, 'folder')]);
    unmount(join(place, 'folder'));
    return undefined;
  } catch (error) {
    return `no ext4 in a file can be mounted: ${(error as Error).message}`;
  } finally {
    rmSync(place, { recursive: true });
  }
}
