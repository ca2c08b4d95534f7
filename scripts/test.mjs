/** The whole suite. Arguments go to jest, e.g. `npm test -- packages/rpc`. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { root, setUp } from './setup.mjs';

const results = join(root, 'node_modules', '.cache', 'parley', 'tests.json');
const lingersMs = 30_000;
/** Jest keeps what a test file has loaded; one process for all would be gigabytes, and its pauses those of the tests. */
const parts = 6;

function startJest(args) {
  const jest = join(root, 'node_modules', 'jest', 'bin', 'jest.js');
  const env = { ...process.env, NODE_OPTIONS: '--experimental-vm-modules --disable-warning=ExperimentalWarning' };
  const all = [jest, '--json', `--outputFile=${results}`, ...args];
  return spawn(process.execPath, all, { cwd: root, stdio: 'inherit', env });
}

/** Node 20 may deadlock while it ends (nodejs/node issue 54918): jest, its results written, is not waited for for ever. */
async function endLingering(jest, ended) {
  while (!existsSync(results)) await pause(500, undefined, { ref: false });
  await Promise.race([ended, pause(lingersMs)]);
  if (jest.exitCode !== null || jest.signalCode !== null) return;
  process.stderr.write(`parley: jest has its results and did not end within ${lingersMs / 1000} s; it is ended\n`);
  jest.kill('SIGKILL');
}

/** The results of one jest; ends the process where there are none. */
async function run(args) {
  rmSync(results, { force: true });
  const jest = startJest(args);
  const ended = once(jest, 'exit');
  endLingering(jest, ended);
  const [code] = await ended;
  if (!existsSync(results)) process.exit(code ?? 1);
  return JSON.parse(readFileSync(results, 'utf8'));
}

function sayResults(ran) {
  const sum = (of) => ran.reduce((total, one) => total + of(one), 0);
  const tests = ran.flatMap(({ testResults }) => testResults.flatMap(({ assertionResults }) => assertionResults));
  for (const test of tests) if (test.status === 'pending') process.stdout.write(`skipped: ${test.fullName}\n`);
  const failed = sum(({ numFailedTests, numRuntimeErrorTestSuites }) => numFailedTests + numRuntimeErrorTestSuites);
  process.stdout.write(
    `${sum((one) => one.numPassedTests)} passed, ${failed} failed, ${sum((one) => one.numPendingTests)} skipped\n`,
  );
}

setUp();
mkdirSync(dirname(results), { recursive: true });
const args = process.argv.slice(2);
const shards = Array.from({ length: parts }, (_, index) => [`--shard=${index + 1}/${parts}`]);
const ran = [];
for (const own of args.length > 0 ? [args] : shards) ran.push(await run(own));
sayResults(ran);
process.exit(ran.every(({ success }) => success) ? 0 : 1);
