import { describe, expect, it } from 'vitest';
import { runCli } from '../src/cli.ts';

async function cli(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const said = { stdout: '', stderr: '' };
  const io = {
    stdout: (text: string) => void (said.stdout += text),
    stderr: (text: string) => void (said.stderr += text),
  };
  const code = await runCli(args, { env: {}, io, signal: new AbortController().signal });
  return { code, ...said };
}

describe('the command line', () => {
  it.each([['--help'], ['-h'], ['run', '--help'], ['prune', '-h'], ['help'], ['help', 'restore']])(
    'prints its help to stdout for %s %s',
    async (...args) => {
      expect(await cli(...args)).toMatchObject({
        code: 0,
        stdout: expect.stringContaining('Usage: geolens-backup') as string,
        stderr: '',
      });
    },
  );

  it('ends the help of each command with examples, exit codes and a link', async () => {
    const { stdout } = await cli('help');
    const commands = [...stdout.matchAll(/^ {2}([a-z]+) .*/gm)].map(([, name = '']) => name);
    expect(commands).toContain('restore');
    for (const name of commands.filter((one) => one !== 'help')) {
      const { stdout: help } = await cli(name, '--help');
      expect(help).toMatch(
        new RegExp(
          `\\nExamples:\\n  geolens-backup ${name}.*\\nExit codes:\\n  0  done\\n.*\\nDocumentation: https://.*/docs/commands.md\\n$`,
          's',
        ),
      );
      expect(help).not.toMatch(/default: (?:false|true|\[)/);
    }
  });

  it('prints its version to stdout', async () => {
    expect(await cli('--version')).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) as string,
      stderr: '',
    });
  });

  it.each([
    [['backup'], "unknown command 'backup'"],
    [['help', 'backup'], 'Usage:'],
    [['completion', 'tcsh'], 'Allowed choices are bash, zsh, fish'],
    [['run', '--fast'], "unknown option '--fast'"],
    [['--fast'], "unknown option '--fast'"],
    [['run', 'now'], 'too many arguments'],
    [['accept'], "missing required argument 'timestamp'"],
    [['serve', '--json'], "unknown option '--json'"],
    [['list', '--store'], 'argument missing'],
    [['key'], "missing required argument 'what'"],
    [['key', 'make'], 'Allowed choices are generate, check'],
    [['key', 'generate', '--store', 's3'], 'key generate has no option but --signing'],
    [['key', 'check', '--signing'], '--signing belongs to key generate'],
    [['trust'], 'required option'],
    [['key', 'AGE-SECRET-KEY-1QPZRY9X8'], "value '[redacted]' is invalid"],
    [[], 'Usage:'],
  ])('refuses %j with 2, says why once, and points to the help', async (args, words) => {
    const { code, stdout, stderr } = await cli(...args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr.split(words)).toHaveLength(2);
    expect(stderr).toContain('--help');
  });
});
