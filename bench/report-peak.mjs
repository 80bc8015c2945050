import { readFileSync, writeFileSync } from 'node:fs';

/*
 * Loaded into the measured command: leaves its peak resident memory (kB) and its own processor time (µs) in a file when it ends.
 * Not resourceUsage().maxRSS, which begins with that of the process that started it.
 */
process.on('exit', () => {
  const { userCPUTime, systemCPUTime } = process.resourceUsage();
  const maxRssKb = Number(/^VmHWM:\s+(\d+)/m.exec(readFileSync('/proc/self/status', 'utf8'))[1]);
  writeFileSync(process.env.BENCH_PEAK_FILE, JSON.stringify({ maxRssKb, cpuMicroseconds: userCPUTime + systemCPUTime }));
});
