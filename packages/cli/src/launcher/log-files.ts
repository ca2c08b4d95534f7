import { appendFileSync, copyFileSync, existsSync, readFileSync, renameSync, statSync, truncateSync } from 'node:fs';
import { type Part, repeat } from '@parley/runtime';

/** Number of rotated files to keep for each log. */
const older = 4;
const largestBytes = 10 * 1_024 * 1_024;
const everyMs = 5_000;

/** Renames `x.log.1` to `x.log.2` and so on. The oldest is deleted. */
function makeRoom(file: string): void {
  for (let n = older; n > 1; n--) {
    if (existsSync(`${file}.${n - 1}`)) renameSync(`${file}.${n - 1}`, `${file}.${n}`);
  }
}

/** Rotates the log of an earlier start, if there is one. */
export function setAside(file: string): void {
  if (!existsSync(file)) return;
  makeRoom(file);
  renameSync(file, `${file}.1`);
}

/**
 * Rotates a log that a process keeps open for appending: copies the file and truncates it. Lines
 * that arrive meanwhile go into the copy too.
 */
function rotate(file: string, bytes: number): void {
  if (!existsSync(file) || statSync(file).size <= bytes) return;
  makeRoom(file);
  copyFileSync(file, `${file}.1`);
  const copied = statSync(`${file}.1`).size;
  const late = readFileSync(file).subarray(copied);
  truncateSync(file);
  if (late.length > 0) appendFileSync(`${file}.1`, late);
}

/** Rotates logs of running processes once they exceed 10 MiB. Four older files are kept. */
export function rotateLargeLogs(
  files: () => readonly string[],
  print: (line: string) => void,
  bytes = largestBytes,
): Part {
  let failing = false;
  const rotateAll = async () => {
    for (const file of files()) rotate(file, bytes);
    failing = false;
  };
  return repeat(everyMs, 0.1, rotateAll, (cause) => {
    if (!failing) print(`a log could not be rotated (${cause instanceof Error ? cause.message : cause}); retrying`);
    failing = true;
  });
}
