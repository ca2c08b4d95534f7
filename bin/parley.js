#!/usr/bin/env node
import { existsSync } from 'node:fs';

const client = new URL('../packages/client/dist/src/cli/main.js', import.meta.url);
if (existsSync(client)) await import(client.href);
else {
  process.stderr.write('parley: not built yet; run `npm start` (or `npm run build`) in this folder first\n');
  process.exitCode = 2;
}
