import { readFileSync } from 'node:fs';
import { type Settings, settingsTable } from '@parley/runtime';

function readText(name: string, file: string): string {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (cause) {
    throw new Error(`PARLEY_${name}=${file} cannot be read. Correct the path or its permissions.`, { cause });
  }
}

/**
 * Returns a URL that contains a password: the setting itself, or else the text of the file that the
 * setting `<name>_FILE` names. Undefined if neither is set.
 * @throws {Error} one sentence, without the text, if the file cannot be read or holds no such URL.
 * @example
 * ```ts
 * import { readSettings } from '@parley/runtime';
 * import { urlOrFile } from '@parley/service-kit';
 *
 * const redis = urlOrFile(readSettings(process.env), 'REDIS_URL');
 * ```
 */
export function urlOrFile(settings: Settings, name: 'DATABASE_URL' | 'REDIS_URL'): string | undefined {
  const [url, file] = [settings[name], settings[`${name}_FILE`]];
  if (url !== undefined || file === undefined) return url;
  const text = readText(`${name}_FILE`, file);
  if (settingsTable[name].schema.safeParse(text).success) return text;
  throw new Error(`The file of PARLEY_${name}_FILE=${file} holds no valid PARLEY_${name}. Correct the file.`);
}
