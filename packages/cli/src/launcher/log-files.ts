import { appendFileSync, copyFileSync, existsSync, readFileSync, renameSync, statSync, truncateSync } from 'node:fs';
import { type Part, repeat } from '@parley/runtime';

/** Of each log: the present one and so many older ones. */
const older = 4;
const largestBytes = 10 * 1_024 * 1_024;
const everyMs = 5_000;

/** `x.log.1` becomes `x.log.2`, and so on; the oldest is forgotten. */
function makeRoom(file: string): void {
  for (let n = older; n > 1; n--) {
    if (existsSync(`${file}.${n - 1}`)) renameSync(`${file}.${n - 1}`, `${file}.${n}`);
  }
}

/** Puts the log of an earlier start aside. */
export function setAside(file: string): void {
  if (!existsSync(file)) return;
  makeRoom(file);
  renameSync(file, `${file}.1`);
}

/** Its writer keeps the file open to append, so that it is copied and emptied, in one go and with what came meanwhile. */
function turn(file: string, bytes: number): void {
  if (!existsSync(file) || statSync(file).size <= bytes) return;
  makeRoom(file);
  copyFileSync(file, `${file}.1`);
  const copied = statSync(`${file}.1`).size;
  const late = readFileSync(file).subarray(copied);
  truncateSync(file);
  if (late.length > 0) appendFileSync(`${file}.1`, late);
}

/** Keeps logs small while their processes run: each is turned when it is larger than 10 MiB, and four older ones are kept. */
export function keepSmall(files: () => readonly string[], say: (line: string) => void, bytes = largestBytes): Part {
  let failing = false;
  const look = async () => {
    for (const file of files()) turn(file, bytes);
    failing = false;
  };
  return repeat(everyMs, 0.1, look, (cause) => {
    if (!failing)
      say(`a log could not be turned (${cause instanceof Error ? cause.message : cause}); it is tried again`);
    failing = true;
  });
}
