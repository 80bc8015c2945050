import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/*
 * npm run check -- dependencies [--registry=URL]: writes a software bill of materials of the production dependencies
 * (CycloneDX), and asks the registry for known vulnerabilities. Fails at high and critical ones. A registry that
 * does not answer is reported and is no failure.
 */
const FILE = join('.cache', 'ci', 'sbom.cdx.json');
const FAILING = ['high', 'critical'];

interface Audit {
  readonly advisories: Readonly<
    Record<
      string,
      {
        readonly module_name: string;
        readonly severity: string;
        readonly title: string;
        readonly url: string;
      }
    >
  >;
}

const { config } = JSON.parse(readFileSync('package.json', 'utf8')) as {
  readonly config: { readonly pnpm: string };
};
const pnpm = (
  ...args: readonly string[]
): ReturnType<typeof spawnSync> & { readonly stdout: string; readonly stderr: string } =>
  spawnSync('npx', ['--yes', `pnpm@${config.pnpm}`, ...args], { encoding: 'utf8', timeout: 120_000 });

mkdirSync(join('.cache', 'ci'), { recursive: true });
const made = pnpm('sbom', '--sbom-format', 'cyclonedx', '--prod', '--lockfile-only', '--out', FILE);
if (made.status !== 0) throw new Error(`no bill of materials: ${made.stderr}`);
const { components } = JSON.parse(readFileSync(FILE, 'utf8')) as { readonly components: readonly unknown[] };
const date = new Date().toISOString().slice(0, 10);
console.log(`${date}: ${components.length} production dependencies, listed in ${FILE}`);

const asked = pnpm('audit', '--prod', '--json', ...process.argv.slice(2));
const audit = auditIn(asked.stdout);
if (audit === undefined)
  console.log(`${date}: audit FAILED TO ASK: ${reasonOf(asked.stdout + asked.stderr)}`);
else {
  const found = Object.values(audit.advisories);
  console.log(
    `${date}: audit: ${found.length === 0 ? 'no known vulnerability' : `${found.length} known vulnerabilities`}`,
  );
  for (const { module_name, severity, title, url } of found)
    console.log(`  ${severity}: ${module_name}: ${title} (${url})`);
  if (found.some(({ severity }) => FAILING.includes(severity))) process.exitCode = 1;
}

function auditIn(text: string): Audit | undefined {
  try {
    const answer = JSON.parse(text) as Partial<Audit>;
    return answer.advisories === undefined ? undefined : (answer as Audit);
  } catch {
    return undefined;
  }
}

/** The last words of the error, without the address of the registry. */
function reasonOf(text: string): string {
  const words = text
    .replaceAll(/https?:\/\/\S+/g, 'the registry')
    .replaceAll(/[│×\s]+/g, ' ')
    .trim();
  return words === '' ? 'no answer' : words.slice(0, 300);
}
