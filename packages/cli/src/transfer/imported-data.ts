import { dataOf, type LineOf } from './format.js';

/**
 * Returns the bytes of a message as it is imported: with the names of those of its files whose bytes
 * are not in the export.
 */
export function importedData(line: LineOf<'message'>, files: ReadonlyMap<string, LineOf<'file'>>): Buffer {
  const missing = (line.files ?? []).flatMap((id) => {
    const file = files.get(id);
    return file?.missing === true ? [`[${file.name}]`] : [];
  });
  const data = dataOf(line);
  if (missing.length === 0) return data;
  return Buffer.from([...(data.length === 0 ? [] : [data.toString()]), ...missing].join('\n'));
}
