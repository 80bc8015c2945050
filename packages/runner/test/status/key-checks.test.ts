import { describe, expect, it } from 'vitest';
import { metricsText } from '../../src/status/metrics.ts';
import { checkKeys } from '../../src/doctor/checks.ts';
import { recipientChecks } from '../../src/status/key-checks.ts';
import { page } from '../../src/status/page/page.ts';
import type { Status } from '../../src/status/status.ts';
import { troublesOf } from '../../src/status/troubles.ts';
import { NOW } from '../support/sets.ts';
import { statusOf } from '../support/status.ts';

const daysAgo = (days: number): string => new Date(NOW.getTime() - days * 86_400_000).toISOString();
const KEY_CHECKS = { alice: daysAgo(180), escrow: daysAgo(181) };

/** A status in which copies are encrypted to these recipients. */
const encrypted = (recipients: readonly string[], keyChecks: unknown): Status => {
  const { journal } = statusOf();
  const changed = { ...journal, keyChecks } as Status['journal'];
  return statusOf({ encryption: { mode: 'replicas', recipients }, journal: changed });
};

describe('the check of a key', () => {
  it('is due after 180 days, or if there was none', () => {
    expect(recipientChecks(['alice', 'escrow', 'new'], { keyChecks: KEY_CHECKS }, NOW)).toEqual([
      {
        recipient: 'alice',
        checkedAt: new Date(KEY_CHECKS.alice),
        text: 'checked 180 days ago',
        isDue: false,
      },
      {
        recipient: 'escrow',
        checkedAt: new Date(KEY_CHECKS.escrow),
        text: 'checked 181 days ago',
        isDue: true,
      },
      { recipient: 'new', checkedAt: undefined, text: 'never checked', isDue: true },
    ]);
  });

  it.each([['text'], [null], [[1]], [{ alice: 'yesterday' }], [{ alice: { at: 1 } }]])(
    'counts as none in a journal with %j',
    (keyChecks) => {
      const [check] = recipientChecks(['alice'], { keyChecks } as unknown as Status['journal'], NOW);
      expect(check).toMatchObject({ text: 'never checked', isDue: true });
    },
  );

  it('of today is so even if the clock was set back', () => {
    const [check] = recipientChecks(['alice'], { keyChecks: { alice: daysAgo(-2) } }, NOW);
    expect(check).toMatchObject({ text: 'checked today', isDue: false });
  });
});

describe('the metrics of keys', () => {
  it('have the time of each configured recipient, and 0 for one without a check', async () => {
    const text = await metricsText(encrypted(['alice', 'new'], { ...KEY_CHECKS, former: daysAgo(1) }));
    expect(text.match(/^geolens_backup_key_checked_timestamp_seconds.*$/gm)).toEqual([
      `geolens_backup_key_checked_timestamp_seconds{recipient="alice"} ${Date.parse(KEY_CHECKS.alice) / 1000}`,
      'geolens_backup_key_checked_timestamp_seconds{recipient="new"} 0',
    ]);
  });
});

describe('the page', () => {
  it('shows what is encrypted, the recipients, and their last checks', async () => {
    const text = String(await page(encrypted(['alice', 'escrow'], KEY_CHECKS)));
    expect(text).toMatch(
      /<dt>Encryption<\/dt><dd>copies in other stores<small>alice checked 180 days ago \(2026-05-26 03:00\), ! escrow checked 181 days ago \([^)]*\)<\/small>/,
    );
    expect(String(await page(statusOf()))).not.toContain('Encryption');
  });

  it.each([
    ['no second recipient', ['alice'], /^Only one identity opens .*\(geolens-backup key generate\)$/],
    [
      'a key that was not checked',
      ['alice', 'new'],
      /recipient new was never checked.*key check --identity-file -\)$/,
    ],
    ['a check long ago', ['alice', 'escrow'], /recipient escrow was checked 181 days ago/],
  ])('warns of %s', (_, recipients, words) => {
    const troubles = troublesOf(encrypted(recipients, KEY_CHECKS)).map(
      ({ text, command }) => `${text} (${command})`,
    );
    expect(troubles).toEqual([expect.stringMatching(words)]);
  });

  it('warns of nothing with two checked keys', () => {
    expect(troublesOf(encrypted(['alice', 'bob'], { alice: daysAgo(1), bob: daysAgo(2) }))).toEqual([]);
  });
});

describe('doctor', () => {
  it('warn of a key without a recent check, and of an identity on this host', () => {
    const journal = { keyChecks: KEY_CHECKS };
    const found = [...checkKeys(['alice', 'escrow'], { journal, now: NOW, hasIdentity: true })];
    expect(found.map(({ subject, level }) => `${subject}: ${level}`)).toEqual([
      'age key check: ok',
      'age key check: warn',
      'age identity: warn',
    ]);
    expect(found[1]).toMatchObject({
      message: `the identity of escrow was checked 181 days ago, at ${KEY_CHECKS.escrow}`,
      hint: 'Run `geolens-backup key check --identity-file -`',
    });
    expect([...checkKeys(['alice'], { journal, now: NOW, hasIdentity: false })]).toHaveLength(1);
  });
});
