import { writeFileSync } from 'node:fs';

/* Loaded into the measured command: leaves its peak resident memory (kB) and its own processor time (µs) in a file when it ends. */
process.on('exit', () => {
  const { maxRSS, userCPUTime, systemCPUTime } = process.resourceUsage();
  writeFileSync(process.env.BENCH_PEAK_FILE, JSON.stringify({ maxRssKb: maxRSS, cpuMicroseconds: userCPUTime + systemCPUTime }));
});
