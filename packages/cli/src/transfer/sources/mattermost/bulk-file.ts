import { type FileHandle, open } from 'node:fs/promises';
import { type JsonLine, jsonLines, jsonOf } from '../../line-reader.js';
import { itemOf, unreadable } from '../read-json.js';
import { type MattermostLine, mattermostLine } from './forms.js';

/** Number of lines that were read last and stay in memory. */
const keptLines = 64;

/** A line of a bulk export, with its position in the file. */
export interface BulkLine {
  readonly where: string;
  readonly line: MattermostLine;
  readonly start: number;
  readonly length: number;
}

/** The file with the lines of a bulk export. Posts can be read again by their position. */
export class BulkFile {
  readonly #path: string;
  readonly #handle: FileHandle;
  readonly #kept = new Map<number, MattermostLine>();

  private constructor(path: string, handle: FileHandle) {
    this.#path = path;
    this.#handle = handle;
  }

  static async open(path: string): Promise<BulkFile> {
    return new BulkFile(path, await open(path).catch(unreadable(path)));
  }

  close(): Promise<void> {
    return this.#handle.close();
  }

  /** Yields all lines. @throws {Failure} */
  async *lines(): AsyncGenerator<BulkLine> {
    for await (const { where, value, start, length } of jsonLines(this.#path))
      yield { where, line: itemOf(value, where, mattermostLine), start, length };
  }

  /** Reads a line again. */
  async at({ where, start, length }: Omit<JsonLine, 'value'>): Promise<MattermostLine> {
    const kept = this.#kept.get(start);
    if (kept !== undefined) return kept;
    const bytes = Buffer.alloc(length);
    await this.#handle.read(bytes, 0, length, start);
    const line = itemOf(jsonOf(bytes, where), where, mattermostLine);
    const [oldest] = this.#kept.keys();
    if (this.#kept.size === keptLines && oldest !== undefined) this.#kept.delete(oldest);
    this.#kept.set(start, line);
    return line;
  }
}
