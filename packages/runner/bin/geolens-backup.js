#!/usr/bin/env -S node --max-semi-space-size=1 --heap-growing-percent=50 --v8-pool-size=1
// A young generation of 1 MB: a whole run on a gigabyte then peaks at 130 MB instead of 170, measured, and
// takes no longer. A full collection at half the growth that V8 would allow: listing 25,000 sets peaks at
// 235 MB instead of 300. One helper thread of V8: each keeps memory of its own; with copies on S3 that is the
// difference between 152 and 143 MB.

const [major, minor] = process.versions.node.split('.').map(Number);
if (major > 22 || (major === 22 && minor >= 12)) await import('../dist/main.js');
else {
  console.error(
    `geolens-backup needs Node 22.12 or newer, and this is ${process.versions.node}. Update Node`,
  );
  process.exitCode = 2;
}
