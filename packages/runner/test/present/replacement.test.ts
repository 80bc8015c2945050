import { expect, it } from 'vitest';
import type { RestorePlan } from '@geolens/backup-core';
import { replacementText } from '../../src/present/replacement.ts';
import { MANIFEST, NOW } from '../support/sets.ts';

const PLAN: RestorePlan = {
  source: {
    label: 'set 20261122_020000 (daily, local)',
    timestamp: MANIFEST.timestamp,
    manifest: MANIFEST,
    checks: {},
    artifacts: {},
    warnings: [],
    trusted: true,
    stored: undefined,
  },
  mode: { kind: 'aside' },
  database: 'geolens',
  exists: true,
  liveRows: 1200,
  stagingTo: '/staging',
  errors: [],
};
const SET = 'set of 2026-11-22 02:00 UTC, 1 h old';

it.each<[string, Partial<RestorePlan>]>([
  [`${SET}, 1,234 rows, replaces database "geolens", about 1,200 rows`, {}],
  [`${SET}, 1,234 rows, replaces database "geolens"`, { liveRows: undefined }],
  [`${SET}, 1,234 rows, becomes database "geolens", which does not exist`, { exists: false }],
  [
    `${SET}, 1,234 rows, replaces tables of database "geolens", about 1,200 rows`,
    { mode: { kind: 'tables', tables: ['a.b'], schemas: [] } },
  ],
  [`${SET}, replaces the files in /staging`, { mode: { kind: 'files' } }],
  [
    './other.dump, replaces database "geolens", about 1,200 rows',
    { source: { ...PLAN.source, label: './other.dump', timestamp: undefined, manifest: undefined } },
  ],
])('describes a restore: %s', (text, change) => {
  expect(replacementText({ ...PLAN, ...change }, NOW)).toBe(text);
});
