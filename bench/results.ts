import type { Measured } from './measure.ts';

/** One measured command, and the bytes that it made. */
export interface Sample extends Measured {
  readonly bytes: number;
  /** Seconds of each phase of a run, where it tells them. */
  readonly phases?: Readonly<Record<string, number>>;
}

/** Who was measured: names in tables, and in the JSON. */
export type Contestant = 'ours' | 'documented' | 'floor' | 'floor, all at once' | 'pg_restore';

export type Samples = Readonly<Partial<Record<Contestant, readonly Sample[]>>>;

/** Rounds on one database: in each, every contestant once. */
export interface Contest {
  readonly server: number;
  readonly databaseMb: number;
  readonly stagingMb: number;
  /** How many small files there were in the staging folder, instead of large ones. */
  readonly smallFiles?: number;
  readonly s3: boolean;
  readonly compression: string;
  readonly samples: Samples;
}

/** One command over many sets. Memory is that of Node. */
export interface SetsResult {
  readonly sets: number;
  readonly store: 'local' | 's3';
  readonly command: string;
  readonly seconds: readonly number[];
  readonly peakBytes: number;
}

export interface StartUp {
  readonly command: string;
  readonly seconds: readonly number[];
  readonly peakBytes: number;
}

/** A `serve` that has nothing to do. */
export interface Idle {
  readonly what: string;
  readonly residentBytes: number;
  readonly proportionalBytes: number;
  readonly wakeUpsPerHour: number;
  readonly cpuMillisecondsPerHour: number;
  readonly seconds: number;
}

/** Everything that can be measured. Each part is there once it was. */
export interface Results {
  readonly machine: Readonly<Record<string, string>>;
  readonly runs?: readonly Contest[];
  readonly restore?: readonly Contest[];
  readonly growth?: readonly Contest[];
  readonly sets?: readonly SetsResult[];
  readonly startUp?: readonly StartUp[];
  readonly idle?: readonly Idle[];
}
