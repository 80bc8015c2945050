import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { runCli } from '../../src/cli.ts';

async function printed(...args: readonly string[]): Promise<string> {
  let text = '';
  const io = { stdout: (part: string) => void (text += part), stderr: () => undefined };
  expect(await runCli(args, { env: {}, io, signal: new AbortController().signal })).toBe(0);
  return text;
}

/** Words that bash offers for the last of these words. */
async function completed(...words: readonly string[]): Promise<readonly string[]> {
  const script = `${await printed('completion', 'bash')}
COMP_WORDS=(geolens-backup "$@")
COMP_CWORD=$#
_geolens_backup
printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { stdout, stderr } = spawnSync('bash', ['-c', script, 'bash', ...words], { encoding: 'utf8' });
  expect(stderr).toBe('');
  return stdout.split('\n').filter(Boolean);
}

describe('`completion bash`, in bash', () => {
  it.each([
    [['ve'], ['verify']],
    [['list', '--s'], ['--store']],
    [
      ['list', '--store', ''],
      ['local', 's3', 'all'],
    ],
    [
      ['restore', 'latest', '--store', ''],
      ['local', 's3'],
    ],
    [['restore', 'latest', '--no'], ['--no-staging']],
    [['restore', 'latest', '--into', ''], []],
    [
      ['completion', ''],
      ['bash', 'zsh', 'fish', '--help'],
    ],
    [
      ['key', ''],
      ['generate', 'check', '--identity-file', '--store', '--signing', '--json', '--help'],
    ],
    [['key', 'check', '--st'], ['--store']],
    [['key', 'check', '--identity-file', ''], []],
    [['help', 'res'], ['restore']],
    [['backup', ''], []],
  ])('completes %j to %j', async (words, expected) => {
    expect(await completed(...words)).toEqual(expected);
  });
});

describe('`completion`', () => {
  it('prints the script of bash for zsh, after what zsh needs for it', async () => {
    expect(await printed('completion', 'zsh')).toMatch(/^autoload .*bashcompinit\n_geolens_backup\(\) \{/);
  });

  it('prints commands, options and fixed values for fish', async () => {
    const script = await printed('completion', 'fish');
    expect(script).toContain("-n __fish_use_subcommand -a list -d 'list the sets");
    expect(script).toContain("-n '__fish_seen_subcommand_from restore' -l store -x -a 'local s3' -d ");
    expect(script).toContain("-n '__fish_seen_subcommand_from restore' -l into -r -d ");
  });
});
