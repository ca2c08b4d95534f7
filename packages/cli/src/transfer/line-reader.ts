import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { usage } from '../failure.js';
import { terminalLine } from '../plain-text.js';
import { importFault } from './fault.js';
import { maxLineBytes } from './format.js';

/** A JSON value of a file, and its place for errors, such as `Line 3`. */
export interface PlacedValue {
  readonly where: string;
  readonly value: unknown;
}

/** @throws {Failure} if the file cannot be read twice, as a pipe */
async function checkRegular(file: string): Promise<void> {
  const found = await stat(file);
  if (found.isFile() || found.isDirectory()) return; // Reading a directory fails in its own words.
  const words = 'is not a regular file. An import reads its file twice. Choose a regular file.';
  throw usage(`${terminalLine(file)} ${words}`);
}

/** @throws {Failure} if the file cannot be read */
async function* bytesOf(file: string): AsyncGenerator<Buffer> {
  try {
    await checkRegular(file);
    yield* createReadStream(file);
  } catch (thrown) {
    const { syscall, code } = thrown as NodeJS.ErrnoException;
    if (syscall === undefined) throw thrown;
    throw usage(`${terminalLine(file)} cannot be read (${code}). Choose another file.`);
  }
}

/** A line of a file: its bytes, its place for errors, and the position of its first byte. */
interface CutLine {
  readonly where: string;
  readonly start: number;
  readonly bytes: Buffer;
}

/** Cuts bytes into lines, and counts them. */
class LineCutter {
  #number = 1;
  #start = 0;
  #parts: Buffer[] = [];
  #length = 0;

  *lines(bytes: Buffer): Generator<CutLine> {
    let start = 0;
    for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10, start)) {
      this.#add(bytes.subarray(start, end));
      yield this.#take();
      start = end + 1;
    }
    this.#add(bytes.subarray(start));
  }

  *rest(): Generator<CutLine> {
    if (this.#length > 0) yield this.#take();
  }

  get #where(): string {
    return `Line ${this.#number}`;
  }

  #add(bytes: Buffer): void {
    if (bytes.length === 0) return;
    this.#length += bytes.length;
    if (this.#length > maxLineBytes) throw importFault(this.#where, `It has more than ${maxLineBytes} bytes.`);
    this.#parts.push(bytes);
  }

  #take(): CutLine {
    const line = { where: this.#where, start: this.#start, bytes: Buffer.concat(this.#parts) };
    this.#start += this.#length + 1;
    this.#parts = [];
    this.#length = 0;
    this.#number += 1;
    return line;
  }
}

const strict = new TextDecoder('utf-8', { fatal: true });

/** @throws {Failure} if the bytes are not UTF-8, or not JSON */
export function jsonOf(bytes: Uint8Array, where: string): unknown {
  let text: string;
  try {
    text = strict.decode(bytes);
  } catch {
    throw importFault(where, 'It is not UTF-8.');
  }
  try {
    return JSON.parse(text);
  } catch {
    throw importFault(where, 'It is not JSON.');
  }
}

/** A JSON value, and the position of its line in the file. */
export interface JsonLine extends PlacedValue {
  readonly start: number;
  readonly length: number;
}

function parsed({ where, start, bytes }: CutLine): JsonLine {
  return { where, start, length: bytes.length, value: jsonOf(bytes, where) };
}

/**
 * Yields the JSON values of a file with one on each line. Only one line is in memory at a time.
 * @throws {Failure}
 */
export async function* jsonLines(file: string): AsyncGenerator<JsonLine> {
  const cutter = new LineCutter();
  for await (const bytes of bytesOf(file)) for (const line of cutter.lines(bytes)) yield parsed(line);
  for (const line of cutter.rest()) yield parsed(line);
}
