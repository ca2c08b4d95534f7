/**
 * Runs commands in one process. Each line of stdin is a JSON array with the arguments of one
 * command. After the output of a command, stdout gets its exit code between two NULs, and stderr
 * gets one NUL.
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
