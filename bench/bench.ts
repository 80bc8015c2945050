import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { makeOwnedFolder } from '../test/support/owned-folder.ts';
import { readArguments, USAGE, type Arguments } from './arguments.ts';
import { writeDocument } from './document.ts';
import { measureGrowth } from './growth.ts';
import { measureQuiet } from './idle.ts';
import { machineFacts } from './machine.ts';
import { reportText } from './report.ts';
import { merged } from './merged.ts';
import { measureRestores } from './restore.ts';
import type { Results } from './results.ts';
import { measureRuns } from './runs.ts';
import { measureSets } from './sets.ts';

/*
 * npm run bench: times, processor and memory of this software beside other ways of doing the same. See USAGE,
 * and docs/performance.md.
 */
const RESULTS = new URL('results.json', import.meta.url);

const settings = argumentsOrUsage();
const earlier = existsSync(RESULTS)
  ? (JSON.parse(readFileSync(RESULTS, 'utf8')) as Results)
  : { machine: {} };
if (settings.part === 'help') {
  process.stdout.write(`${USAGE}\n`);
} else if (settings.part === 'render') {
  writeDocument(earlier);
} else {
  const found = { machine: machineFacts(), ...(await measurePart(settings)) };
  process.stdout.write(settings.json ? `${JSON.stringify(found, undefined, 2)}\n` : reportText(found));
  if (settings.write) {
    const all = merged(earlier, found);
    writeFileSync(RESULTS, `${JSON.stringify(all, undefined, 1)}\n`);
    writeDocument(all);
  }
}

async function measurePart(asked: Arguments): Promise<Omit<Results, 'machine'>> {
  const folder = makeOwnedFolder('geolens-bench-');
  try {
    if (asked.part === 'restore') return { restore: await measureRestores(asked, folder) };
    if (asked.part === 'idle') return await measureQuiet(asked, folder);
    if (asked.part === 'runs') return { runs: await measureRuns(asked, folder) };
    const growth =
      asked.sizes.length > 0 || asked.files > 0 ? { growth: await measureGrowth(asked, folder) } : {};
    return { ...growth, ...(asked.sets.length > 0 && { sets: await measureSets(asked, folder) }) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function argumentsOrUsage(): Arguments {
  try {
    return readArguments(process.argv.slice(2));
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n${USAGE}\n`);
    process.exit(2);
  }
}
