import { readdir, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { usage } from '../failure.js';
import { terminalLine } from '../plain-text.js';

/** Names of the files that `backup --keep` writes. They sort by time. */
export const keptName = /^parley-\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d\.\d{3}Z\.backup$/;

/**
 * Returns the name of a new backup in a folder.
 * @throws {Failure} if the folder does not exist
 */
export async function newBackupIn(folder: string, now = new Date()): Promise<string> {
  const found = await stat(folder).catch(() => undefined);
  if (found?.isDirectory() === true) return join(folder, `parley-${now.toISOString().replaceAll(':', '-')}.backup`);
  throw usage(`${terminalLine(folder)} is not a folder. With --keep, name an existing folder for the backups.`);
}

/** Outcome of a removal of old backups. */
export interface KeptBackups {
  readonly removed: readonly string[];
  /** Backups that are damaged or cannot be read. They do not count as kept, and stay. */
  readonly unreadable: readonly string[];
}

/**
 * Keeps the newest `keep` whole backups in the folder of `newest`, and removes the older ones.
 * `newest` always stays, even if the clock was ahead when others were named. Touches only files that
 * `backup --keep` wrote.
 * @param isWhole returns whether a file is a whole backup
 */
export async function removeOldBackups(
  newest: string,
  keep: number,
  isWhole: (file: string) => Promise<boolean>,
): Promise<KeptBackups> {
  const folder = dirname(newest);
  const names = (await readdir(folder)).filter((name) => keptName.test(name) && name !== basename(newest)).toSorted();
  const [removed, unreadable]: [string[], string[]] = [[], []];
  let whole = 0;
  for (const name of [basename(newest), ...names.toReversed()]) {
    if (whole === keep) removed.push(name);
    else if (await isWhole(join(folder, name))) whole += 1;
    else unreadable.push(name);
  }
  for (const name of removed) await rm(join(folder, name), { force: true });
  return { removed, unreadable };
}
