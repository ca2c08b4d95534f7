/** Runs every check that does not execute the code, all at once. Prints them in turn, and stops at the first failure. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { giveUp, root, setUp } from './setup.mjs';

/** Arguments of Node for each check. */
const checks = {
  'generated code': ['scripts/generate.mjs', '--check'],
  'format and lint': ['node_modules/@biomejs/biome/bin/biome', 'check', '--error-on-warnings', '.'],
  'import law and circles': [
    'node_modules/dependency-cruiser/bin/dependency-cruise.mjs',
    ...['--config', '.dependency-cruiser.cjs', 'packages', 'services'],
  ],
  'sizes and any': ['scripts/measure.mjs', '--check'],
};

/** Runs Node in the root folder. Resolves with the exit code and the output. */
function runNode([file, ...args]) {
  const child = spawn(process.execPath, [join(root, file), ...args], { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
  const output = [];
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => output.push(chunk));
  process.once('exit', () => child.kill());
  return new Promise((resolve, reject) => {
    child.once('error', reject).once('close', (code) => resolve({ code, output: Buffer.concat(output) }));
  });
}

setUp();
const running = Object.entries(checks).map(([name, args]) => ({ name, ended: runNode(args) }));
for (const { name, ended } of running) {
  process.stdout.write(`── ${name}\n`);
  const { code, output } = await ended;
  process.stdout.write(output);
  if (code !== 0) giveUp(`The check "${name}" failed.`);
}
