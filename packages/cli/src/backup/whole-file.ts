import { randomUUID } from 'node:crypto';
import { open, readdir, realpath, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { errorCode, exitCodes, Failure, usage } from '../failure.js';
import { terminalLine } from '../plain-text.js';

/** Milliseconds after which a draft that nobody has written to is removed. */
const staleAfterMs = 3_600_000;
const noSpace: ReadonlySet<string> = new Set(['ENOSPC', 'EDQUOT', 'EFBIG']);

/** An error of the source of a file, in `cause`. */
class SourceError extends Error {}

/** Yields what `source` yields. @throws {SourceError} */
async function* marked(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  try {
    yield* source;
  } catch (cause) {
    throw new SourceError('The source of a file failed.', { cause });
  }
}

/** Converts an error of the file system. Returns other errors as they are. */
function fileFailure(thrown: unknown, file: string): unknown {
  if (thrown instanceof SourceError) return thrown.cause;
  const code = errorCode(thrown);
  if (noSpace.has(code)) {
    const words = `No space is left for ${terminalLine(file)}. Free some space, or choose another folder. An earlier file of this name is unchanged.`;
    return new Failure('no-space', exitCodes.refused, words);
  }
  const isOurs = thrown instanceof Error && 'syscall' in thrown;
  return isOurs ? usage(`${terminalLine(file)} cannot be written (${code}). Choose another file.`) : thrown;
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  await handle.sync().finally(() => handle.close());
}

const draftOf = (file: string) => `${file}.partial-${randomUUID()}`;
/** Name of a draft. Its group is the name of the file. */
const draftName = /^(.+)\.partial-[\da-f-]{36}$/s;

/**
 * Removes the drafts of commands that were killed: those of this file, and of files with an `alike`
 * name. A command that runs writes more often.
 */
async function removeStale(file: string, alike: RegExp | undefined): Promise<void> {
  for (const name of await readdir(dirname(file))) {
    const of = draftName.exec(name)?.[1];
    if (of === undefined || (of !== basename(file) && alike?.test(of) !== true)) continue;
    const path = join(dirname(file), name);
    const written = await stat(path).catch(() => undefined);
    if (written !== undefined && Date.now() - written.mtimeMs > staleAfterMs) await rm(path, { force: true });
  }
}

/**
 * Writes a file that only its owner can read. Replaces an earlier file of this name only once all
 * bytes are on the disk.
 * @param alike names of other files whose old drafts are removed too
 * @throws {Failure} if the file cannot be written, or the error of the source
 */
export async function writeWhole(
  name: string,
  bytes: AsyncIterable<Buffer>,
  signal: AbortSignal,
  alike?: RegExp,
): Promise<void> {
  const file = await realpath(name).catch(() => name); // A link to the file stays.
  const there = await stat(file).catch(() => undefined);
  if (there?.isFile() === false) throw usage(`${terminalLine(file)} is not a file. Choose another name.`);
  const draft = draftOf(file);
  try {
    await removeStale(file, alike);
    const handle = await open(draft, 'wx', 0o600);
    await pipeline(marked(bytes), handle.createWriteStream({ flush: true }), { signal });
    await rename(draft, file);
    await syncFolder(dirname(file));
  } catch (thrown) {
    await rm(draft, { force: true }).catch(() => {});
    throw fileFailure(thrown, file);
  }
}
