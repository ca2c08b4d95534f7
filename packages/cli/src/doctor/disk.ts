import { rm, statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { errorCode } from '../failure.js';
import { type Check, type Finding, fault, skipped, warning, works } from './check.js';
import type { Surroundings } from './surroundings.js';

const mebibyte = 1_048_576;
/** Free bytes below which PostgreSQL may soon stop, and below which it is time to act. */
const free = { faultBytes: 512 * mebibyte, warningBytes: 4_096 * mebibyte } as const;
/** Share of inodes that must be free. */
const freeInodes = 0.01;

/** Space and inodes of a file system. */
export interface FileSystem {
  readonly bavail: number;
  readonly bsize: number;
  readonly files: number;
  readonly ffree: number;
}

/** Returns the finding for the free space of a folder. */
export function spaceFinding(about: string, { bavail, bsize, files, ffree }: FileSystem): Finding {
  const bytes = bavail * bsize;
  const words = `${Math.round(bytes / mebibyte)} MiB are free.`;
  const change =
    'Free some space, or move the folder to a larger disk. Without space, messages wait until there is some.';
  if (bytes < free.faultBytes) return fault(about, `The disk is almost full: only ${words}`, change);
  if (files > 0 && ffree < files * freeInodes)
    return fault(about, 'The disk has almost no inodes left.', 'Delete files, or make a file system with more inodes.');
  if (bytes < free.warningBytes) return warning(about, words, change);
  return works(about, words);
}

/** Writes and deletes a small file. Returns what is wrong, or undefined. */
async function writeFinding(folder: string): Promise<Finding | undefined> {
  const file = join(folder, `.doctor-${process.pid}`);
  try {
    await writeFile(file, 'parley doctor\n', { flag: 'wx', mode: 0o600 });
    await rm(file);
    return undefined;
  } catch (thrown) {
    const code = errorCode(thrown);
    if (code === 'ENOSPC' || code === 'EDQUOT')
      return fault(folder, 'The disk is full.', 'Free some space. Then Parley stores the messages that wait.');
    if (code === 'EROFS')
      return fault(
        folder,
        'The file system is read-only.',
        'Mount it for writing, and read the log of the kernel: a damaged disk becomes read-only.',
      );
    return fault(
      folder,
      `The folder cannot be written (${code}).`,
      'Make the user that runs Parley its owner, or correct the path.',
    );
  }
}

async function folderFindings(folder: string): Promise<Finding[]> {
  const system = await statfs(folder).catch(() => undefined);
  if (system === undefined) return [fault(folder, 'The folder does not exist.', 'Create it, or correct the path.')];
  const unwritable = await writeFinding(folder);
  return unwritable === undefined ? [spaceFinding(folder, system)] : [unwritable];
}

/** The data folder and the archive have space, and can be written. */
export function diskCheck({ data, env }: Surroundings): Check {
  const folders = [data, env.PARLEY_ARCHIVE_DIR].filter((one) => one !== undefined && one !== '') as string[];
  const none = [
    skipped(
      'disk',
      'No data folder is known here.',
      'Give --data. Watch the disk of your own PostgreSQL on its machine.',
    ),
  ];
  return {
    name: 'disk',
    run: async () => (folders.length === 0 ? none : (await Promise.all(folders.map(folderFindings))).flat()),
  };
}
