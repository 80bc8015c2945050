import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isAllowedHost } from '../../src/status/status-app.ts';

describe('the name that the page is asked under', () => {
  it.each([
    'localhost',
    'localhost:9180',
    'backup:9180',
    '127.0.0.1:9180',
    '[::1]:9180',
    '192.0.2.7',
    'LOCALHOST.',
  ])('may be %s, which no other site can have', (host) => {
    expect(isAllowedHost(host, [])).toBe(true);
  });

  it('may have a dot only if it is allowed, in any case and with any port', () => {
    const label = fc.stringMatching(/^[a-z][a-z0-9-]{0,8}$/);
    fc.assert(
      fc.property(label, label, fc.constantFrom('', ':80', '.', '.:9180'), (one, two, end) => {
        const name = `${one}.${two}`;
        expect(isAllowedHost(`${name}${end}`.toUpperCase(), [])).toBe(false);
        expect(isAllowedHost(`${name}${end}`.toUpperCase(), [name])).toBe(true);
        expect(isAllowedHost(`x.${name}${end}`, [name])).toBe(false);
      }),
    );
  });

  it.each(['127.0.0.1.evil.example', 'evil.example:127', '[::1].evil.example', 'a b', '', '<script>'])(
    'may not be %j',
    (host) => {
      expect(isAllowedHost(host, [])).toBe(false);
    },
  );
});
