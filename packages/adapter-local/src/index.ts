export * from './file-journal.ts';
export * from './lock/flock-lock.ts';
export * from './postgres/connection.ts';
export * from './postgres/pg-dump-producer.ts';
export * from './staging/tar-archiver.ts';
export * from './store/local-store.ts';
export * from './system-clock.ts';
