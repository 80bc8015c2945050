/** A megabyte is a million bytes. */
export const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(0)} MB`;

export const seconds = (value: number): string => `${value.toFixed(value < 10 ? 2 : 1)} s`;

export const milliseconds = (value: number): string => `${(value * 1000).toFixed(0)} ms`;

/** How many times as much. */
export const times = (value: number): string => `${value.toFixed(2)} ×`;

/** A share, as `1/8.4`. */
export const share = (value: number): string =>
  value > 1 ? times(value) : `1/${(1 / value).toFixed(1).replace(/\.0$/, '')}`;

export const count = (value: number): string => Math.round(value).toLocaleString('en-US');
