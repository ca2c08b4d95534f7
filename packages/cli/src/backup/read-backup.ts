import { createReadStream } from 'node:fs';
import { usage } from '../failure.js';
import { terminalLine } from '../plain-text.js';

/**
 * Yields the bytes of a file.
 * @throws {Failure} if the file cannot be read
 */
export async function* readBackup(file: string, signal?: AbortSignal): AsyncGenerator<Buffer> {
  try {
    yield* createReadStream(file, { signal });
  } catch (thrown) {
    const { syscall, code } = thrown as NodeJS.ErrnoException;
    if (syscall === undefined) throw thrown;
    throw usage(`${terminalLine(file)} cannot be read (${code}). Choose another file.`);
  }
}
