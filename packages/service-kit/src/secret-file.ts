import { readFileSync } from 'node:fs';
import type { DatabaseUrl } from '@parley/database';
import { type Settings, settingsTable } from '@parley/runtime';

function readText(name: string, file: string): string {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (cause) {
    throw new Error(`PARLEY_${name}=${file} cannot be read. Correct the path or its permissions.`, { cause });
  }
}

/** Settings that contain a secret. For each of them, `<name>_FILE` can name a file that holds it. */
export const secretNames = ['DATABASE_URL', 'LISTEN_URL', 'REDIS_URL', 'S3_SECRET', 'PUSH_KEY'] as const;

/**
 * Returns a secret: the setting itself, or else the text of the file that the setting `<name>_FILE`
 * names. Undefined if neither is set.
 * @throws {Error} one sentence, without the text, if the file cannot be read or holds no such secret.
 * @example
 * ```ts
 * import { readSettings } from '@parley/runtime';
 * import { secretOrFile } from '@parley/service-kit';
 *
 * const redis = secretOrFile(readSettings(process.env), 'REDIS_URL');
 * ```
 */
export function secretOrFile(settings: Settings, name: (typeof secretNames)[number]): string | undefined {
  const [url, file] = [settings[name], settings[`${name}_FILE`]];
  if (url !== undefined || file === undefined) return url;
  const text = readText(`${name}_FILE`, file);
  if (settingsTable[name].schema.safeParse(text).success) return text;
  throw new Error(`The file of PARLEY_${name}_FILE=${file} holds no valid PARLEY_${name}. Correct the file.`);
}

/**
 * Returns a URL of the database as `secretOrFile` does. If a file holds it, returns a function that
 * reads the file again. While the file cannot be used, for example because it is just being
 * replaced, the function returns the last URL.
 * @throws {Error} one sentence if the file cannot be used now.
 */
export function databaseUrlOf(settings: Settings, name: 'DATABASE_URL' | 'LISTEN_URL'): DatabaseUrl | undefined {
  const first = secretOrFile(settings, name);
  if (first === undefined || settings[name] !== undefined) return first;
  let last = first;
  return () => {
    try {
      last = secretOrFile(settings, name) ?? last;
    } catch {} // The last URL may still work; if not, PostgreSQL says why.
    return last;
  };
}
