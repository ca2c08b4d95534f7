import { readFileSync } from 'node:fs';
import type { SettingName } from '@parley/runtime';

/**
 * The PEM file that a setting names.
 * @throws {Error} one sentence that names the setting where it cannot be read.
 */
export function readPem(setting: SettingName, file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (cause) {
    throw new Error(`PARLEY_${setting}=${file} cannot be read: correct the path or its permissions`, { cause });
  }
}
