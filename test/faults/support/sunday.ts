const DAY_MS = 86_400_000;

/** The Sunday (in UTC) that it is, or the next, at its begin; in milliseconds. */
export function sunday(now: number): number {
  const day = Math.floor(now / DAY_MS) * DAY_MS;
  return day + ((7 - new Date(day).getUTCDay()) % 7) * DAY_MS;
}
