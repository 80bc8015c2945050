import { existsSync } from 'node:fs';
import { join } from 'node:path';
import puppeteer, { type Browser } from 'puppeteer-core';

const PROGRAMS = ['chromium-headless-shell', 'chromium', 'google-chrome', 'chromium-browser'];

/** A headless Chromium of this machine, or why there is none. The caller closes it. */
export async function startBrowser(): Promise<Browser | { readonly unavailable: string }> {
  const executablePath = PROGRAMS.flatMap((name) =>
    (process.env['PATH'] ?? '').split(':').map((folder) => join(folder, name)),
  ).find((path) => existsSync(path));
  if (executablePath === undefined)
    return { unavailable: `no Chromium is installed (${PROGRAMS.join(', ')})` };
  // Root may not use Chromium's sandbox; what it shows here is our own page.
  return puppeteer.launch({ executablePath, args: process.getuid?.() === 0 ? ['--no-sandbox'] : [] });
}
