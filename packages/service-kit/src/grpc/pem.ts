import { readFileSync } from 'node:fs';
import type { SettingName } from '@parley/runtime';

/**
 * Reads the PEM file of a setting.
 * @throws {Error} one sentence that names the setting if the file cannot be read.
 */
export function readPem(setting: SettingName, file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (cause) {
    throw new Error(`PARLEY_${setting}=${file} cannot be read. Correct the path or its permissions.`, { cause });
  }
}
