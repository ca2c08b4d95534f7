import { statfs } from 'node:fs/promises';
import { errorCode } from '../failure.js';

/** Free space, in bytes, that PostgreSQL needs to start: the size of one WAL segment. */
const minFreeBytes = 16 * 1_024 * 1_024;

function codesOf(error: unknown): string[] {
  if (!(error instanceof Error)) return [];
  return [errorCode(error), ...codesOf(error.cause)];
}

/** Returns whether the disk of a folder is full. A missing folder counts as not full. */
async function isFull(folder: string): Promise<boolean> {
  const found = await statfs(folder).catch(() => undefined);
  return found !== undefined && found.bavail * found.bsize < minFreeBytes;
}

/** Returns whether a failure is due to a full disk of the data folder. */
export async function isDueToFullDisk(error: unknown, dataDir: string): Promise<boolean> {
  const isSaid = error instanceof Error && /no space left|free disk space/i.test(error.message);
  return isSaid || codesOf(error).some((code) => code === 'ENOSPC' || code === 'EDQUOT') || (await isFull(dataDir));
}

/** Returns the error text for a user whose `npm start` failed. */
export async function explain(error: unknown, dataDir: string): Promise<string> {
  const words = error instanceof Error ? error.message : String(error);
  const codes = codesOf(error);
  if (codes.some((code) => code === 'EMFILE' || code === 'ENFILE'))
    return 'Too many files are open. Raise the limit (`ulimit -n 4096`), then start again.';
  if (await isDueToFullDisk(error, dataDir))
    return `The disk of the data folder ${dataDir} is full. Free some space, then start again (${words.replace(/\.$/, '')}).`;
  return words;
}
