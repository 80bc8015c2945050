export * from './endpoint.ts';
export * from './s3-examiner.ts';
export * from './s3-store.ts';
export * from './settings.ts';
