/** The whole suite. Arguments go to jest, e.g. `npm test -- packages/rpc`. */
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root, runTool, setUp } from './setup.mjs';

setUp();
const results = join(root, 'node_modules', '.cache', 'parley', 'tests.json');
mkdirSync(join(results, '..'), { recursive: true });
const status = runTool('jest', 'bin/jest.js', ['--json', `--outputFile=${results}`, ...process.argv.slice(2)], {
  NODE_OPTIONS: '--experimental-vm-modules --disable-warning=ExperimentalWarning',
});
const { testResults, numPassedTests, numFailedTests, numRuntimeErrorTestSuites, numPendingTests } = JSON.parse(
  readFileSync(results, 'utf8'),
);
for (const { assertionResults } of testResults) {
  for (const test of assertionResults.filter((one) => one.status === 'pending'))
    process.stdout.write(`skipped: ${test.fullName}\n`);
}
process.stdout.write(
  `${numPassedTests} passed, ${numFailedTests + numRuntimeErrorTestSuites} failed, ${numPendingTests} skipped\n`,
);
process.exit(status);
