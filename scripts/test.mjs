/** The whole suite. Arguments go to jest, e.g. `npm test -- packages/rpc`. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { root, setUp } from './setup.mjs';

const results = join(root, 'node_modules', '.cache', 'parley', 'tests.json');
const lingersMs = 30_000;

function startJest() {
  const jest = join(root, 'node_modules', 'jest', 'bin', 'jest.js');
  const args = [jest, '--json', `--outputFile=${results}`, ...process.argv.slice(2)];
  const env = { ...process.env, NODE_OPTIONS: '--experimental-vm-modules --disable-warning=ExperimentalWarning' };
  return spawn(process.execPath, args, { cwd: root, stdio: 'inherit', env });
}

/** Node 20 may deadlock while it ends (nodejs/node issue 54918): jest, its results written, is not waited for for ever. */
async function endLingering(jest, ended) {
  while (!existsSync(results)) await pause(500, undefined, { ref: false });
  await Promise.race([ended, pause(lingersMs)]);
  if (jest.exitCode !== null || jest.signalCode !== null) return;
  process.stderr.write(`parley: jest has its results and did not end within ${lingersMs / 1000} s; it is ended\n`);
  jest.kill('SIGKILL');
}

function sayResults() {
  const { testResults, ...counts } = JSON.parse(readFileSync(results, 'utf8'));
  const { success, numPassedTests, numFailedTests, numRuntimeErrorTestSuites, numPendingTests } = counts;
  for (const test of testResults.flatMap(({ assertionResults }) => assertionResults))
    if (test.status === 'pending') process.stdout.write(`skipped: ${test.fullName}\n`);
  process.stdout.write(
    `${numPassedTests} passed, ${numFailedTests + numRuntimeErrorTestSuites} failed, ${numPendingTests} skipped\n`,
  );
  return success;
}

setUp();
mkdirSync(dirname(results), { recursive: true });
rmSync(results, { force: true });
const jest = startJest();
const ended = once(jest, 'exit');
endLingering(jest, ended);
const [code] = await ended;
if (!existsSync(results)) process.exit(code ?? 1);
const success = sayResults();
process.exit(code ?? (success ? 0 : 1));
