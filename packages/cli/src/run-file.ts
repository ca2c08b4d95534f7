import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as z from 'zod';

/** Default data folder of `npm start`. */
export const defaultData = fileURLToPath(new URL('../../../../.parley', import.meta.url));

const runFile = z.object({ database: z.string(), services: z.array(z.object({ address: z.string() })) });

/** Reads the facts that a running `npm start` leaves in its data folder; undefined if none runs. */
export async function readRunFile(folder: string): Promise<z.infer<typeof runFile> | undefined> {
  try {
    return runFile.parse(JSON.parse(await readFile(join(folder, 'run.json'), 'utf8')));
  } catch {
    return undefined;
  }
}

/**
 * Returns the `--data` option that a command about this manager needs; empty if the manager belongs
 * to the `npm start` of the default folder.
 */
export async function dataOptionFor(managers: string, folder = defaultData): Promise<string> {
  const run = await readRunFile(folder);
  const isDefault = run?.services.some(({ address }) => managers.split(',').includes(address)) === true;
  return isDefault ? '' : ' --data <data folder of npm start>';
}
