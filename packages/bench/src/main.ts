/** `npm run bench`: what a delivery costs, beside what others pay for it. */
import { textTable } from '@parley/runtime';
import { startPostgres, stopPostgres } from '@parley/testkit';
import { runBench } from './bench.js';
import { help, type Options, readBenchOptions } from './options.js';
import { heads, isValid, legend, tableRows, writeReport } from './report.js';

const say = (line: string) => void process.stdout.write(`${line}\n`);

async function bench(options: Options): Promise<boolean> {
  await startPostgres();
  try {
    const climbed = await runBench(options.shapes, { ...options, say });
    say(`\n${textTable(heads, tableRows(climbed))}\n${legend(climbed)}`);
    if (options.report !== undefined) await writeReport(options.report, climbed);
    return isValid(climbed);
  } finally {
    await stopPostgres();
  }
}

function optionsOrSentence(): Options | undefined {
  try {
    return readBenchOptions(process.argv.slice(2));
  } catch (error) {
    process.stderr.write(`bench: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(2);
  }
}

const options = optionsOrSentence();
if (options === undefined) say(help);
else if (!(await bench(options))) {
  say('This run does not count: some rounds are not valid, see above.');
  process.exitCode = 1;
}
