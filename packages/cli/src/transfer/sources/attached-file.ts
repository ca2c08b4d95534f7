import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename, join, relative } from 'node:path';
import { importFault } from '../fault.js';
import { maxPieceBytes, type NewLine } from '../format.js';
import { printable } from './people-names.js';

/** A file of a message of another system. */
export interface AttachedFile {
  /** Path below one of the folders. It is also the id of the file. */
  readonly path: string;
  /** Id of the sender. */
  readonly from: string;
  /** Place of the message, for errors. */
  readonly where: string;
}

/** Returns the path of a file that may be in several folders; undefined if it is missing. */
async function pathOf({ path, where }: AttachedFile, folders: readonly string[]): Promise<string | undefined> {
  for (const folder of folders) {
    const full = join(folder, path);
    if (relative(folder, full).startsWith('..')) throw importFault(where, 'The path of a file leads elsewhere.');
    const found = await stat(full).catch(() => undefined);
    if (found?.isFile() === true) return full;
  }
  return undefined;
}

/**
 * Yields a file with its bytes. A file that is missing gets a line that says so.
 * @throws {Failure} if the path leads out of the folder
 */
export async function* attachedFile(file: AttachedFile, folders: readonly string[]): AsyncGenerator<NewLine> {
  const full = await pathOf(file, folders);
  const name =
    printable(basename(file.path))
      .replace(/[\\\n\t]/g, ' ')
      .slice(-255) || 'file';
  const line = {
    type: 'file' as const,
    id: file.path,
    from: file.from,
    name,
    content_type: 'application/octet-stream',
  };
  if (full === undefined) {
    yield { ...line, size: 0, missing: true };
    return;
  }
  const { size } = await stat(full);
  yield { ...line, size };
  for await (const bytes of createReadStream(full, { highWaterMark: maxPieceBytes }) as AsyncIterable<Buffer>)
    yield { type: 'bytes', base64: bytes.toString('base64') };
}
