import { open, realpath, stat } from 'node:fs/promises';
import { basename, join, relative, sep } from 'node:path';
import { importFault } from '../fault.js';
import { maxPieceBytes, type NewLine } from '../format.js';
import { printable } from './people-names.js';
import { unreadable } from './read-json.js';

/** A file of a message of another system. */
export interface AttachedFile {
  /** Path in one of the folders. It is also the id of the file. */
  readonly path: string;
  /** Id of the sender. */
  readonly from: string;
  /** Place of the message, for errors. */
  readonly where: string;
}

/** Returns whether a path is in a folder. */
const isBelow = (folder: string, path: string) => relative(folder, path).split(sep)[0] !== '..';

/** Returns the path of a file that may be in several folders; undefined if it is missing. */
async function pathOf({ path, where }: AttachedFile, root: string, folders: readonly string[]) {
  const realRoot = await realpath(root).catch(unreadable(root));
  for (const folder of folders.map((one) => join(root, one))) {
    const full = join(folder, path);
    const found = await realpath(full).catch(() => undefined);
    if (!isBelow(folder, full) || (found !== undefined && !isBelow(realRoot, found)))
      throw importFault(where, 'The path of a file leads elsewhere.');
    if (found !== undefined && (await stat(found)).isFile()) return found;
  }
  return undefined;
}

/**
 * Yields a file with its bytes. A file that is missing gets a line that says so.
 * @param root folder of the export
 * @param folders folders in it that may have the file
 * @throws {Failure} if the path, or a symbolic link, leads out of the folder
 */
export async function* attachedFile(
  file: AttachedFile,
  root: string,
  folders: readonly string[] = ['.'],
): AsyncGenerator<NewLine> {
  const full = await pathOf(file, root, folders);
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
  const source = await open(full).catch(unreadable(full));
  for await (const bytes of source.createReadStream({ highWaterMark: maxPieceBytes }) as AsyncIterable<Buffer>)
    yield { type: 'bytes', base64: bytes.toString('base64') };
}
