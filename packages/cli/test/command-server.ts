/**
 * Runs commands in one process: each line of stdin is the JSON array of arguments of one. After the
 * output of each, stdout gets its exit code between two NULs, and stderr gets one NUL.
 */
import { createInterface } from 'node:readline';
import { runCommand } from '../src/run.js';

for await (const line of createInterface({ input: process.stdin })) {
  process.exitCode = 0;
  await runCommand(JSON.parse(line));
  process.stderr.write('\0');
  process.stdout.write(`\0code=${process.exitCode}\0`);
}
process.exit();
