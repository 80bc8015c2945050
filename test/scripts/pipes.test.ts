import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const SCRIPTS = join(import.meta.dirname, '../../scripts');

describe('the scripts, with pipefail', () => {
  it('find a service in a list that is longer than a pipe holds', () => {
    const script = `set -euo pipefail; . lib/compose.sh; fail() { echo "$2"; exit "$1"; }
      services_of_project=$(echo db; seq 100000)
      demand_service db DB_SERVICE; has_line 100000 "$services_of_project"; ! has_line no "$services_of_project"; echo found`;
    expect(execFileSync('bash', ['-c', script], { cwd: SCRIPTS, encoding: 'utf8' })).toBe('found\n');
  });

  it('have no pipe into a program that leaves before its input ends', () => {
    const files = readdirSync(SCRIPTS, { recursive: true, encoding: 'utf8' }).filter((name) =>
      name.endsWith('.sh'),
    );
    expect(files.length).toBeGreaterThan(3);
    const pipes = files.flatMap((name) =>
      readFileSync(join(SCRIPTS, name), 'utf8')
        .split('\n')
        .filter((line) => /\|\s*(\w+=\S+ )*(head|grep -\w*q)/.test(line)),
    );
    expect(pipes).toEqual([]);
  });
});
