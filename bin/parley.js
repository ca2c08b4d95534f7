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
      ? 'parley: not built yet; run `npm start` (or `npm run build`) in this folder first\n'
      : 'parley: the drills are not in this image; run them from a clone of the source\n',
  );
  process.exitCode = 2;
}
