import { test } from 'node:test';
import { storeContract } from '@geolens/backup-core/testing';
import { startWebdavServer } from './webdav-server.ts';
import { WebdavStore } from './webdav-store.ts';

const emptyStore = async (): Promise<WebdavStore> => new WebdavStore(await startWebdavServer());

for (const { title, check } of storeContract(emptyStore)) test(title, check);
