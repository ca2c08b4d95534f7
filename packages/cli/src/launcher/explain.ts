import { statfs } from 'node:fs/promises';

/** PostgreSQL does not start with less: the size of one of its log files. */
const leastBytes = 16 * 1_024 * 1_024;

function codesOf(error: unknown): string[] {
  if (!(error instanceof Error)) return [];
  return [String((error as NodeJS.ErrnoException).code), ...codesOf(error.cause)];
}

/** The folder itself may not be there yet. */
async function isFull(folder: string): Promise<boolean> {
  const found = await statfs(folder).catch(() => undefined);
  return found !== undefined && found.bavail * found.bsize < leastBytes;
}

/** Why it could not start, for whoever started it. */
export async function explain(error: unknown, dataDir: string): Promise<string> {
  const words = error instanceof Error ? error.message : String(error);
  const codes = codesOf(error);
  if (codes.some((code) => code === 'EMFILE' || code === 'ENFILE'))
    return 'Too many files are open at once: allow more (`ulimit -n 4096`), then start again.';
  if (codes.some((code) => code === 'ENOSPC' || code === 'EDQUOT') || (await isFull(dataDir)))
    return `The disk of the data folder ${dataDir} is full: free some space, then start again (${words.replace(/\.$/, '')}).`;
  return words;
}
