#!/usr/bin/env node
import { existsSync } from 'node:fs';

const isDrill = process.argv[2] === 'drill';
const main = new URL(isDrill ? '../packages/drills/dist/src/main.js' : '../dist/command/parley.js', import.meta.url);
if (isDrill) process.argv.splice(2, 1);
if (existsSync(main)) await import(main.href);
else {
  process.stderr.write(
    existsSync(new URL('../packages/drills/', import.meta.url))
      ? 'parley: Not built yet. Run `npm start` (or `npm run build`) in this folder first.\n'
      : 'parley: The drills are not in this image. Run them from a clone of the source.\n',
  );
  process.exitCode = 2;
}
