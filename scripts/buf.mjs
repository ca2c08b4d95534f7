import { execFileSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { ensurePackages, root } from './setup.mjs';

ensurePackages();

const require = createRequire(import.meta.url);

/** The ts-proto plugin for buf: a command and its arguments. */
export const tsProto = [process.execPath, require.resolve('ts-proto/protoc-gen-ts_proto')];

/**
 * Runs buf in the root folder.
 * @throws {Error} with the output of buf if it fails
 */
export function buf(...args) {
  try {
    execFileSync(process.execPath, [require.resolve('@bufbuild/buf/bin/buf'), ...args], {
      cwd: root,
      encoding: 'utf8',
    });
  } catch (error) {
    throw new Error(`buf ${args[0]}: ${error.stdout}${error.stderr}`.trim());
  }
}

/** Runs the body of a script. An error is printed on stderr and sets exit code 1. */
export async function runScript(body) {
  try {
    await body();
  } catch (error) {
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 1;
  }
}
