import { describe, test } from 'node:test';
import { storeContract } from '@geolens/backup-core/testing';
import { startWebdavServer } from './webdav-server.ts';
import { WebdavStore } from './webdav-store.ts';

describe('the WebDAV store', () => {
  const stops: (() => void)[] = [];
  const emptyStore = async (): Promise<WebdavStore> => {
    const { url, stop } = await startWebdavServer();
    stops.push(stop);
    return new WebdavStore(url);
  };

  for (const { title, check } of storeContract(emptyStore)) {
    test(title, async () => {
      await check().finally(() => stops.pop()?.());
    });
  }
});
