/** Runs the whole suite. Arguments go to jest, for example `npm test -- packages/rpc`. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statfsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { root, setUp } from './setup.mjs';

const resultsFolder = join(root, 'node_modules', '.cache', 'parley', 'tests');
const lingersMs = 30_000;
/**
 * Number of test files that run at once, and number of additional files that mostly wait. Together
 * they use two cores. More would take longer, because the idle services of a test need CPU, too.
 */
const [atOnce, waitingAtOnce] = [2, 2];
/**
 * Tests that use less than half of a core, because they wait for leases, shutdowns, clocks, a disk
 * or a browser.
 */
const waiting = [
  'web/dist/test/page-of',
  'bench/dist/test/soak[.]',
  'cli/dist/test/(alerts-fire|full-disk|page|ports|secure|terminal)[.]',
  'channel-service/dist/test/(claim|housekeeping|set-clock|stolen-chat-server)[.]',
  'chat-service/dist/test/(connect|drain|last-entry|life|membership|out-of-reach|paused-owner|quotas|relay-fate|relay-posts|relay-rooms|same-id|withdrawn)[.]',
  'client/dist/test/(conversation|inbox-faults|lost-servers|peers|restarted-managers)[.]',
  'database/dist/test/embedded[.]',
  'gateway/dist/test/(crowd|document-001-events|drain|h2spec|kept-channels|objects|page|posting-edges|posting-faults|relay|relay-faults|rooms-faults|sse-nginx|unread|watermarks)[.]',
  'service-kit/dist/test/tokens[.]',
].join('|');
/** Tests that load the machine and bound how long something may take. They run two at once. */
const heavy = 'drills/dist/test/(drill|inboxes)[.]';
/** Tests that compare durations or shares of load. They run one by one after all other tests. */
const alone = [
  'drills/dist/test/drain[.]',
  'chat-service/dist/test/arrivals',
  'channel-service/dist/test/history-plan',
  'user-service/dist/test/login-time',
  'client/dist/test/shared-connection',
].join('|');
/**
 * Arguments of jest for each run. Groups run one after the other, and the runs of a group at once.
 */
const groups = [
  [
    [`--maxWorkers=${atOnce}`, `--testPathIgnorePatterns=${alone}|${heavy}|${waiting}`],
    [`--maxWorkers=${waitingAtOnce}`, `--testPathPatterns=${waiting}`],
  ],
  [['--maxWorkers=2', `--testPathPatterns=${heavy}`]],
  [['--maxWorkers=1', `--testPathPatterns=${alone}`]],
];

const memory = '/dev/shm';
const bytesPerGiB = 2 ** 30;

/** Whether this machine has a folder in memory in which programs can run, and much free memory. */
function hasMemoryToSpare() {
  const mount = existsSync(memory) && /^\S+ \/dev\/shm tmpfs (\S+)/m.exec(readFileSync('/proc/mounts', 'utf8'));
  if (!mount || mount[1].split(',').includes('noexec')) return false;
  const { bavail, bsize } = statfsSync(memory);
  return bavail * bsize > 6 * bytesPerGiB && process.availableMemory() > 10 * bytesPerGiB;
}

/**
 * Puts the temporary files of the tests into memory, if it suffices. Creating the files of a
 * database takes 0.3 s of CPU on a disk, and 0.02 s in memory.
 */
function useMemory() {
  if (process.env.TMPDIR !== undefined || !hasMemoryToSpare()) return;
  const folder = mkdtempSync(join(memory, 'parley-'));
  chmodSync(folder, 0o755); // PostgreSQL runs as another user if the tests run as root.
  process.env.TMPDIR = folder;
  process.once('exit', () => rmSync(folder, { recursive: true, force: true, maxRetries: 10 }));
}

/** The jests that run. */
const jests = new Set();

/** Ends the jests, and PostgreSQL with them, before this process. */
function stopOnSignals() {
  const stop = async () => {
    for (const jest of jests) jest.kill();
    await Promise.all([...jests].map((jest) => once(jest, 'exit')));
    process.exit(1);
  };
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, stop);
  process.once('exit', () => {
    for (const jest of jests) jest.kill();
  });
}

/** `at` is the place of this jest among those that run at once; `isOne` says whether it has the terminal for itself. */
function startJest(args, results, at, isOne) {
  const jest = join(root, 'node_modules', 'jest', 'bin', 'jest.js');
  const options = '--experimental-vm-modules --disable-warning=ExperimentalWarning';
  const env = { ...process.env, NODE_OPTIONS: options, TEST_RUN: String(at) };
  const all = [jest, '--json', `--outputFile=${results}`, ...args];
  const stdio = ['inherit', isOne ? 'inherit' : 'pipe', isOne ? 'inherit' : 'pipe'];
  const child = spawn(process.execPath, all, { cwd: root, stdio, env });
  child.stdout?.pipe(process.stdout, { end: false });
  child.stderr?.pipe(process.stderr, { end: false });
  jests.add(child);
  child.once('exit', () => jests.delete(child));
  return child;
}

/**
 * Kills a jest that does not exit after writing its results: Node 20 may deadlock at exit
 * (nodejs/node issue 54918).
 */
async function endLingering(jest, ended, results) {
  while (!existsSync(results)) await pause(500, undefined, { ref: false });
  await Promise.race([ended, pause(lingersMs)]);
  if (jest.exitCode !== null || jest.signalCode !== null) return;
  process.stderr.write(`parley: jest has its results and did not end within ${lingersMs / 1000} s; killing it\n`);
  jest.kill('SIGKILL');
}

/** Runs one jest and returns its results. Ends this process if it wrote none. */
async function run(args, number, at, isOne) {
  const results = join(resultsFolder, `${number}.json`);
  const jest = startJest(args, results, at, isOne);
  const ended = once(jest, 'exit');
  endLingering(jest, ended, results);
  const [code] = await ended;
  if (!existsSync(results)) process.exit(code ?? 1);
  return JSON.parse(readFileSync(results, 'utf8'));
}

function printResults(ran) {
  const sum = (of) => ran.reduce((total, one) => total + of(one), 0);
  const tests = ran.flatMap(({ testResults }) => testResults.flatMap(({ assertionResults }) => assertionResults));
  for (const test of tests) if (test.status === 'pending') process.stdout.write(`skipped: ${test.fullName}\n`);
  const failed = sum(({ numFailedTests, numRuntimeErrorTestSuites }) => numFailedTests + numRuntimeErrorTestSuites);
  process.stdout.write(
    `${sum((one) => one.numPassedTests)} passed, ${failed} failed, ${sum((one) => one.numPendingTests)} skipped\n`,
  );
}

setUp();
stopOnSignals();
useMemory();
rmSync(resultsFolder, { recursive: true, force: true });
mkdirSync(resultsFolder, { recursive: true });
const args = process.argv.slice(2);
const ran = [];
for (const group of args.length > 0 ? [[args]] : groups) {
  const first = ran.length;
  ran.push(...(await Promise.all(group.map((one, at) => run(one, first + at, at, group.length === 1)))));
}
printResults(ran);
process.exit(ran.every(({ success }) => success) ? 0 : 1);
