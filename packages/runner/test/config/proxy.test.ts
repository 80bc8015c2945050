import { expect, it } from 'vitest';
import { readConfig } from '../../src/config/config.ts';
import { refusal } from '../support/problems.ts';

const PING = { BACKUP_PING_URL: 'https://ping.example.com/x' };
const S3 = { BACKUP_S3_ENABLED: 'true', S3_BUCKET: 'sets' };

it('a proxy is taken for S3 and notifications, in capitals and small letters', () => {
  const proxy = {
    HTTPS_PROXY: 'http://user:hush%21hush@proxy:3128',
    http_proxy: 'http://proxy',
    NO_PROXY: 'db',
  };
  const config = readConfig({ ...S3, ...proxy, HTTP_PROXY: '' });
  expect(config.proxy).toEqual(proxy);
  expect(config.s3?.proxy).toEqual(proxy);
  expect(config.secrets.map((secret) => secret.reveal())).toEqual(
    expect.arrayContaining(['hush%21hush', 'hush!hush']),
  );
  expect(readConfig({ ...S3, NO_PROXY: 'db' }).proxy).toBeUndefined();
});

it.each(['proxy:3128', 'socks5://proxy:1080', '"http://proxy"'])(
  'a proxy that cannot be used is refused where it would be needed, and nowhere else: %s',
  (https_proxy) => {
    for (const needed of [S3, PING])
      expect(refusal({ ...needed, https_proxy })).toContain(
        'https_proxy has to be a URL such as http://proxy:3128',
      );
    expect(refusal({ https_proxy })).toBe('');
  },
);
