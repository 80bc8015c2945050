import {
  ScratchDrill,
  type ScratchDrillOptions,
} from '../../../../packages/adapter-local/src/postgres/drill/scratch-drill.ts';

/* Drills the dump of its second argument, with the options in its first, and says each step. */
const [, , options, path] = process.argv;
const drill = new ScratchDrill(JSON.parse(options!) as ScratchDrillOptions);
const observer = (event: { readonly event: string; readonly step: string }): void => {
  if (event.event === 'step') process.stdout.write(`${event.step}\n`);
};
const ground = await drill.open(
  { databaseBytes: 1, dumpBytes: 1, keptBytes: 0 },
  { signal: new AbortController().signal, observer },
);
if ('unprovable' in ground) throw new Error(ground.unprovable.join());
process.stdout.write('opened\n');
const dump = {
  bytes: 0,
  sha256: '',
  path: path!,
  open: () => {
    throw new Error('it is a file');
  },
};
const rehearsal = await ground.rehearse({
  dump,
  globals: undefined,
  manifest: undefined,
  privilegedRoles: true,
});
process.stdout.write(`${JSON.stringify(rehearsal)}\n`);
await ground[Symbol.asyncDispose]();
process.stdout.write('over\n');
