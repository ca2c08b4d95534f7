import { type FileHandle, open, rm } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { usage } from './failure.js';
import { plainJson, terminalLine } from './plain-text.js';
import type { CommandSession } from './session.js';

/** The options of `admin export-user` and `admin export-hold`. */
export interface ExportOptions {
  /** File to write to. Default: stdout. */
  readonly out?: string;
}

function codeOf(thrown: unknown): string | undefined {
  return thrown instanceof Error && 'code' in thrown ? String(thrown.code) : undefined;
}

/** Yields lines without characters that control a terminal. */
async function* printable(lines: AsyncIterable<string>): AsyncGenerator<string> {
  for await (const line of lines) yield `${plainJson(JSON.parse(line))}\n`;
}

/** Writes lines to stdout as fast as they are read there. The reader may stop at any point. */
async function writeOut(lines: AsyncIterable<string>): Promise<void> {
  try {
    await pipeline(printable(lines), process.stdout, { end: false });
  } catch (thrown) {
    if (codeOf(thrown) !== 'EPIPE') throw thrown;
  }
}

/** Creates a file. @throws {Failure} if the file exists or cannot be created. */
async function newFile(file: string): Promise<FileHandle> {
  try {
    return await open(file, 'wx', 0o600);
  } catch (thrown) {
    const code = codeOf(thrown);
    const why = code === 'EEXIST' ? 'exists' : `cannot be created (${code})`;
    throw usage(`${terminalLine(file)} ${why}. Choose another file.`);
  }
}

/**
 * Writes a new file that only its owner can read. Leaves no file after a failure. Returns the
 * number of lines.
 */
async function writeFile(file: string, lines: AsyncIterable<string>): Promise<number> {
  const handle = await newFile(file);
  let count = 0;
  const counted = async function* () {
    for await (const line of printable(lines)) {
      count++;
      yield line;
    }
  };
  try {
    await pipeline(counted, handle.createWriteStream());
  } catch (thrown) {
    await rm(file, { force: true });
    throw thrown;
  }
  return count;
}

/** Exports everything that is stored about an account, as lines of JSON. */
export async function writeExport(session: CommandSession, id: string, { out }: ExportOptions): Promise<void> {
  const lines = (await session.administration()).exportUser(id);
  if (out === undefined) return writeOut(lines);
  const count = await writeFile(out, lines);
  const value = { user_id: id, file: out, lines: count };
  session.print(`${terminalLine(out)} has ${count} lines about ${terminalLine(id)}.`, value);
}

/** Exports all messages that a legal hold covers and the copies that it kept, as lines of JSON. */
export async function writeHold(session: CommandSession, hold: number, { out }: ExportOptions): Promise<void> {
  const lines = (await session.administration()).exportHold(hold);
  if (out === undefined) return writeOut(lines);
  const count = await writeFile(out, lines);
  session.print(`${terminalLine(out)} has ${count} lines of hold ${hold}.`, { hold, file: out, lines: count });
}
