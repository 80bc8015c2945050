import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { availableParallelism, cpus, release, totalmem } from 'node:os';

/** What the numbers were measured on, and with which programs. */
export function machineFacts(): Readonly<Record<string, string>> {
  return {
    processor: `${availableParallelism()} × ${cpus()[0]?.model.trim() ?? 'unknown'}`,
    memory: `${(totalmem() / 1e9).toFixed(0)} GB`,
    system: `${/^PRETTY_NAME="(.*)"/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1] ?? 'Linux'}, Linux ${release().replace(/-.*/, '')}`,
    node: process.version,
    rclone: rcloneVersion(),
    measured: new Date().toISOString().slice(0, 10),
  };
}

function rcloneVersion(): string {
  const { status, stdout } = spawnSync('rclone', ['version'], { encoding: 'utf8' });
  return status === 0 ? (/rclone v([\d.]+)/.exec(stdout)?.[1] ?? 'unknown') : 'none';
}
