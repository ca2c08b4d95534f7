import { readFile, stat } from 'node:fs/promises';
import type { z } from 'zod';
import { usage } from '../../failure.js';
import { terminalLine } from '../../plain-text.js';
import { importFault } from '../fault.js';
import { jsonOf } from '../line-reader.js';

/** Size of the largest file that is read whole. */
const maxBytes = 268_435_456;

/** Returns what ends an import if a file or folder of the export cannot be read. @throws {Failure} */
export const unreadable =
  (path: string, what: 'file' | 'folder' = 'file') =>
  ({ code }: NodeJS.ErrnoException): never => {
    throw usage(`${terminalLine(path)} cannot be read (${code}). Choose another ${what}.`);
  };

/**
 * Returns the value of a JSON file.
 * @throws {Failure} that names the file
 */
export async function readJson(path: string, shown: string): Promise<unknown> {
  const { size } = await stat(path).catch(unreadable(path, 'folder'));
  if (size > maxBytes) throw importFault(shown, `It has more than ${maxBytes} bytes.`);
  return jsonOf(await readFile(path).catch(unreadable(path, 'folder')), shown);
}

/**
 * Returns the items of a JSON file with an array.
 * @throws {Failure} that names the file, and the first wrong item
 */
export async function readItems<Form extends z.ZodType>(
  path: string,
  shown: string,
  form: Form,
): Promise<z.output<Form>[]> {
  const items = await readJson(path, shown);
  if (!Array.isArray(items)) throw importFault(shown, 'It is not a list.');
  return items.map((item, at) => itemOf(item, `${shown}, item ${at + 1}`, form));
}

/** Returns a value that has a form. @throws {Failure} that names its place */
export function itemOf<Form extends z.ZodType>(item: unknown, where: string, form: Form): z.output<Form> {
  const parsed = form.safeParse(item);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const words = issue?.message.replace(/[^.]$/, '$&.') ?? '';
  throw importFault(where, `"${issue?.path.join('.')}" is wrong. ${words}`);
}
