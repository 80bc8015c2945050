import { execFileSync } from 'node:child_process';
import { onTestFinished } from 'vitest';

/** Mounts something over a folder for the test that runs. */
export function mountOver(folder: string, args: readonly string[]): void {
  mount([...args, folder]);
  onTestFinished(() => {
    unmount(folder, ['--lazy']);
  });
}

export function mount(args: readonly string[]): void {
  execFileSync('mount', args, { stdio: 'pipe' });
}

export function unmount(folder: string, args: readonly string[] = []): void {
  execFileSync('umount', [...args, folder], { stdio: 'pipe' });
}
