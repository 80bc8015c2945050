import { expect, it } from 'vitest';
import { apiReport, PACKAGES, reportPath } from '../../scripts/api/report.ts';

it.each(PACKAGES)(
  'docs/api-report says what %s exports (look whether a change is meant, then write it anew with `npm run docs`)',
  async (name) => {
    await expect(apiReport(name)).toMatchFileSnapshot(reportPath(name));
  },
);
