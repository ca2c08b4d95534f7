#!/usr/bin/env node
import { existsSync } from 'node:fs';

const isDrill = process.argv[2] === 'drill';
const folder = new URL(isDrill ? '../packages/drills/' : '../packages/cli/', import.meta.url);
const main = new URL('dist/src/main.js', folder);
if (isDrill) process.argv.splice(2, 1);
if (existsSync(main)) await import(main.href);
else {
  process.stderr.write(
    existsSync(folder)
      ? 'parley: Not built yet. Run `npm start` (or `npm run build`) in this folder first.\n'
      : 'parley: The drills are not in this image. Run them from a clone of the source.\n',
  );
  process.exitCode = 2;
}
