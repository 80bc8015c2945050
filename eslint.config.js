import js from '@eslint/js';
import tseslint from 'typescript-eslint';

// Names of the runner, which an embedding program does not have. An option of another program is a literal of
// its own, or follows the name of that program.
const RUNNER_NAMES = [
  String.raw`\b(?:BACKUP|S3|POSTGRES)_[A-Z]|\b(?:STAGING_DIR|DATABASE_URL)\b`,
  String.raw`[\s(\`'":]geolens-backup (?:serve|run|list|prune|verify|accept|restore|doctor|health|config)\b`,
  String.raw`^(?!-- )[^]*[\s(](?<!\b(?:pg_[a-z]+|setpriv)\s)--[a-z]`,
].map((name) => name.replaceAll('/', String.raw`\/`));
const NO_RUNNER_NAMES = RUNNER_NAMES.flatMap((name) =>
  [`Literal[value=/${name}/]`, `TemplateElement[value.raw=/${name}/]`].map((selector) => ({
    selector,
    message: 'Only the runner knows options, commands and variables: give the error a reason.',
  })),
);

export default tseslint.config(
  { ignores: ['**/dist/', '**/node_modules/', '.cache/'] },
  js.configs.recommended,
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      // Numbers in messages are plain enough.
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      // Taking a field away from an object.
      '@typescript-eslint/no-unused-vars': ['error', { ignoreRestSiblings: true }],
    },
  },
  {
    files: ['**/test/**/*.ts', '**/*.test.ts'],
    // An absent value fails the test at that line anyway.
    rules: { '@typescript-eslint/no-non-null-assertion': 'off' },
  },
  {
    files: ['examples/**/*.ts'],
    rules: {
      // Node's own runner waits for its tests.
      '@typescript-eslint/no-floating-promises': [
        'error',
        { allowForKnownSafeCalls: [{ from: 'package', package: 'node:test', name: ['test', 'describe'] }] },
      ],
    },
  },
  {
    files: ['packages/core/src/**/*.ts'],
    rules: {
      // The core has no process, no timer and no clock of its own; what it needs of these comes through
      // ports.
      'no-restricted-globals': [
        'error',
        'process',
        'console',
        'fetch',
        'setTimeout',
        'setInterval',
        'performance',
      ],
      'no-restricted-syntax': [
        'error',
        { selector: "NewExpression[callee.name='Date'][arguments.length=0]", message: 'Ask the Clock.' },
        { selector: "MemberExpression[object.name='Date'][property.name='now']", message: 'Ask the Clock.' },
        ...NO_RUNNER_NAMES,
      ],
    },
  },
  {
    files: ['packages/{system,adapter-*}/src/**/*.ts'],
    rules: { 'no-restricted-syntax': ['error', ...NO_RUNNER_NAMES] },
  },
  {
    files: ['packages/adapter-*/src/**/*.ts'],
    rules: {
      'no-restricted-properties': [
        'error',
        { object: 'process', property: 'env', message: 'Only the runner reads the environment.' },
      ],
    },
  },
  {
    files: ['**/*.js', '**/*.mjs'],
    languageOptions: { globals: { process: 'readonly', console: 'readonly', URL: 'readonly' } },
  },
);
