#!/usr/bin/env node
import { existsSync } from 'node:fs';

// Drills come with the project's own scripts; everything else is the client's.
const isDrill = process.argv[2] === 'drill';
const main = new URL(
  isDrill ? '../scripts/dist/src/drills/main.js' : '../packages/client/dist/src/cli/main.js',
  import.meta.url,
);
if (isDrill) process.argv.splice(2, 1);
if (existsSync(main)) await import(main.href);
else {
  process.stderr.write('parley: not built yet; run `npm start` (or `npm run build`) in this folder first\n');
  process.exitCode = 2;
}
