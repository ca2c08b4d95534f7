/**
 * Command `npm run bench`: measures the cost of a delivery and compares it with other
 * implementations.
 */
import { textTable } from '@parley/runtime';
import { startPostgres, stopPostgres } from '@parley/testkit';
import { runBench } from './bench.js';
import { help, type Options, readBenchOptions } from './options.js';
import { heads, isValid, legend, tableRows, writeReport } from './report.js';

const log = (line: string) => void process.stdout.write(`${line}\n`);

async function bench(options: Options): Promise<boolean> {
  await startPostgres();
  try {
    const results = await runBench(options.shapes, { ...options, log });
    log(`\n${textTable(heads, tableRows(results))}\n${legend(results)}`);
    if (options.report !== undefined) await writeReport(options.report, results);
    return isValid(results);
  } finally {
    await stopPostgres();
  }
}

function optionsOrExit(): Options | undefined {
  try {
    return readBenchOptions(process.argv.slice(2));
  } catch (error) {
    process.stderr.write(`bench: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(2);
  }
}

const options = optionsOrExit();
if (options === undefined) log(help);
else if (!(await bench(options))) {
  log('This run is not valid: see the faults above.');
  process.exitCode = 1;
}
