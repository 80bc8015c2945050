const CORE = '^packages/core/src';
const ADAPTERS = '^packages/adapter-[^/]+/src';
const SYSTEM = '^packages/system/src';
const RUNNER = '^packages/runner/src';

const rule = (name, comment, from, to) => ({ name, comment, severity: 'error', from, to });

/** The rules of the layers, executable. */
export default {
  forbidden: [
    rule(
      'core-knows-nothing-outside',
      'The core has no disk, process, socket, environment or container: of Node it may hash, of libraries it has luxon and cron-parser.',
      { path: CORE },
      {
        path: '.',
        pathNot: [CORE, '^(node:)?(crypto|assert/strict)$', 'node_modules/(luxon|cron-parser|@types/luxon)/'],
      },
    ),
    rule(
      'base-knows-itself',
      'Errors and helpers stand below all else.',
      { path: `${CORE}/base/` },
      { path: CORE, pathNot: `${CORE}/base/` },
    ),
    rule(
      'model-knows-base',
      'Values need no port and no use case.',
      { path: `${CORE}/model/` },
      { path: CORE, pathNot: `${CORE}/(base|model)/` },
    ),
    rule(
      'ports-know-base-and-model',
      'Ports stand below the use cases.',
      { path: `${CORE}/ports/` },
      { path: CORE, pathNot: `${CORE}/(base|model|ports)/` },
    ),
    rule(
      'catalog-stands-below-the-use-cases',
      'Reading, selecting and marking sets is what the use cases share.',
      { path: `${CORE}/catalog/` },
      { path: CORE, pathNot: `${CORE}/(base|model|ports|progress|catalog)/` },
    ),
    rule(
      'progress-knows-ports',
      'Watching work stands below the catalog.',
      { path: `${CORE}/progress/` },
      { path: CORE, pathNot: `${CORE}/(base|model|ports|progress)/` },
    ),
    rule(
      'assertions-only-in-testing',
      'Assertions belong to the contract suites.',
      { path: CORE, pathNot: `${CORE}/testing/` },
      { path: '^(node:)?assert' },
    ),
    rule(
      'core-does-not-use-its-testing',
      'What is for tests stays out of what runs.',
      { path: CORE, pathNot: `${CORE}/testing/` },
      { path: `${CORE}/testing/` },
    ),
    rule(
      'adapters-know-the-core-alone',
      'An adapter knows the core, and the system package for processes and files; not its siblings, nor the runner.',
      { path: '^packages/(adapter-[^/]+)/src' },
      { path: '^packages/', pathNot: ['^packages/$1/src', CORE, SYSTEM] },
    ),
    rule(
      'system-knows-the-core-alone',
      'The system package knows the errors and types of the core.',
      { path: SYSTEM },
      { path: '^packages/', pathNot: [SYSTEM, CORE] },
    ),
    rule(
      'one-file-knows-the-container',
      'Only the composition root knows the DI container.',
      { path: '^packages/', pathNot: `${RUNNER}/container\\.ts$` },
      { path: 'node_modules/(tsyringe|reflect-metadata)/' },
    ),
    rule(
      'only-the-root-knows-the-adapters',
      'Commands work with ports; the composition root chooses adapters.',
      { path: RUNNER, pathNot: [`${RUNNER}/(container|compose-encryption)\\.ts$`, `${RUNNER}/config/`] },
      { path: ADAPTERS },
    ),
    rule('no-cycles', 'What needs each other belongs together, or apart.', {}, { circular: true }),
    {
      name: 'no-folder-cycles',
      comment: 'Folders stand above or below each other.',
      severity: 'error',
      scope: 'folder',
      from: {},
      to: { circular: true },
    },
    rule('nothing-unresolved', 'Every import leads somewhere.', {}, { couldNotResolve: true }),
    rule(
      'nothing-undeclared',
      'A package declares what it imports.',
      { path: '^packages/[^/]+/src' },
      { dependencyTypes: ['npm-no-pkg', 'npm-unknown', 'npm-dev'] },
    ),
  ],
  options: {
    includeOnly: { path: ['^packages/[^/]+/src', 'node_modules', '^(node:)?[a-z_/]+$'] },
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['geolens-source', 'import', 'node', 'default', 'types'],
    },
  },
};
