import { describe, expect, it } from 'vitest';
import type { Ground } from '../support/ground.ts';

/** That the container may do what it needs, and nothing else. */
export function rightsSteps(ground: Ground): void {
  describe('has no more rights than it needs', () => {
    interface Host {
      readonly CapAdd: string[];
      readonly CapDrop: string[];
      readonly SecurityOpt: string[];
      readonly ReadonlyRootfs: boolean;
      readonly Privileged: boolean;
      readonly Memory: number;
      readonly PidsLimit: number;
      readonly RestartPolicy: { readonly Name: string };
      readonly Tmpfs: Record<string, string>;
    }

    it('by what the engine says of it', async () => {
      const host = await ground.stack.inspected<Host>('.HostConfig');
      ground.log(
        `HostConfig: ${JSON.stringify(Object.fromEntries(['CapAdd', 'CapDrop', 'SecurityOpt', 'ReadonlyRootfs', 'Memory', 'PidsLimit', 'Tmpfs'].map((name) => [name, host[name as keyof Host]])))}`,
      );
      expect(host.CapAdd.map((name) => name.replace('CAP_', ''))).toEqual([
        'DAC_READ_SEARCH',
        'SETUID',
        'SETGID',
      ]);
      expect(host).toMatchObject({
        CapDrop: ['ALL'],
        SecurityOpt: ['no-new-privileges:true'],
        ReadonlyRootfs: true,
        Privileged: false,
        RestartPolicy: { Name: 'unless-stopped' },
      });
      expect(host.Memory).toBeGreaterThan(0);
      expect(host.PidsLimit).toBeGreaterThan(0);
      const mounts =
        await ground.stack.inspected<{ Type: string; Name: string; Destination: string; RW: boolean }[]>(
          '.Mounts',
        );
      expect(
        mounts
          .map(({ Type, Name, Destination, RW }) => ({ Type, Name, Destination, RW }))
          .sort((one, other) => one.Destination.localeCompare(other.Destination)),
      ).toEqual([
        { Type: 'volume', Name: `${ground.stack.project}_backup_data`, Destination: '/backups', RW: true },
        {
          Type: 'volume',
          Name: `${ground.stack.project}_upload_staging`,
          Destination: '/staging',
          RW: false,
        },
      ]);
    });

    it('by what the system says of its process', async () => {
      const status = await ground.stack.composed(
        'exec',
        '-T',
        'backup',
        'sh',
        '-c',
        'cat /proc/1/status; ls -A /var/lib/postgresql/data | wc -l',
      );
      // DAC_READ_SEARCH is 2, SETGID 6, SETUID 7.
      expect(status).toMatch(/CapBnd:\t0{14}c4/);
      expect(status).toMatch(/NoNewPrivs:\t1/);
      expect((await ground.stack.compose('exec', '-T', 'backup', 'touch', '/opt/x')).stderr).toContain(
        'Read-only file system',
      );
    });

    it('and leaves no nameless volume', async () => {
      const volumes = (
        await ground.engine.docker([
          'volume',
          'ls',
          '--quiet',
          '--filter',
          `label=com.docker.compose.project=${ground.stack.project}`,
        ])
      )
        .trim()
        .split('\n')
        .sort();
      expect(volumes).toEqual(
        ['backup_data', 'pgdata', 'upload_staging'].map((name) => `${ground.stack.project}_${name}`),
      );
      const ids = (await ground.stack.composed('ps', '-aq')).trim().split('\n');
      const named = await ground.engine.docker([
        'inspect',
        '--format',
        '{{range .Mounts}}{{println .Type .Name}}{{end}}',
        ...ids,
      ]);
      for (const line of named.split('\n').filter(Boolean))
        expect(line).toMatch(new RegExp(`^volume ${ground.stack.project}_`));
    });

    it('and they are enough, says doctor', async () => {
      const end = await ground.stack.backup('doctor');
      ground.log(`doctor in the container:\n${end.stdout}`);
      expect(end.code, end.stdout + end.stderr).toBe(0);
      for (const subject of ['server', 'pg_dump', 'folder', 'staging', 'temporary server'])
        expect(end.stdout).toMatch(new RegExp(`^OK    ${subject} `, 'm'));
    });

    it('and tests a restore all the same, in a server of its own, of which nothing is left', async () => {
      const end = await ground.stack.backup('verify', '--restore');
      expect(end.code, end.stderr).toBe(0);
      expect(end.stdout).toContain('restored in a temporary PostgreSQL 17');
      ground.log(`restore test in the container:\n${end.stdout}`);
      const left = await ground.stack.composed(
        'exec',
        '-T',
        'backup',
        'sh',
        '-c',
        'ls -A /backups /tmp; cat /proc/[0-9]*/comm; grep -h State /proc/[0-9]*/status',
      );
      expect(left).not.toMatch(/restore test|postgres$|zombie/m);
    });
  });
}
