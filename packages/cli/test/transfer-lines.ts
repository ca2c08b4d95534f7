import { type Pool, snapshot } from '@parley/database';
import { LineChecker } from '../src/transfer/checked-lines.js';
import { channelsToExport, ExportLines } from '../src/transfer/export-lines.js';
import type { NewLine, TransferLine } from '../src/transfer/format.js';
import { importLines } from '../src/transfer/import.js';
import type { PlacedValue } from '../src/transfer/line-reader.js';

/** Yields values with their places. */
export async function* placed(lines: readonly unknown[]): AsyncGenerator<PlacedValue> {
  for (const [at, value] of lines.entries()) yield { where: `Line ${at + 1}`, value };
}

const volatile: ReadonlySet<string> = new Set(['source', 'moment']);

/** Returns lines as they are the same in every system: with numbers in place of the ids of channels and files. */
export function withoutIds(lines: readonly NewLine[]): unknown[] {
  const numbers = new Map<string, string>();
  const numberOf = (id: string) => numbers.get(id) ?? numbers.set(id, `id ${numbers.size + 1}`).get(id);
  return lines.map((line) => {
    const kept = Object.fromEntries(Object.entries(line).filter(([name]) => !volatile.has(name)));
    if (line.type === 'channel' || line.type === 'file') kept.id = numberOf(line.id);
    if (line.type === 'message' && line.files !== undefined) kept.files = line.files.map(numberOf);
    return kept;
  });
}

/** A small export. */
export function small(
  changes: { readonly source?: string; readonly entries?: readonly object[]; readonly channel?: object } = {},
) {
  const { source = 'small', channel = {} } = changes;
  const { entries = [{ type: 'message', n: 1, at: 1_000, from: 'a', text: 'one' }] } = changes;
  const lines = [
    { type: 'export', version: 1, source, moment: 2_000 },
    { type: 'person', id: 'a', user_id: `${source}-ann`, name: 'Ann' },
    { type: 'person', id: 'b', user_id: `${source}-bob`, name: 'Bob' },
    { type: 'channel', id: 'c', kind: 'group', name: 'small', owner: 'a', ...channel },
    ...entries,
    { type: 'member', person: 'a' },
    { type: 'member', person: 'b' },
  ];
  return [...lines, { type: 'end', lines: lines.length }];
}

/** Returns messages with consecutive numbers. */
export const numbered = (count: number) =>
  Array.from({ length: count }, (_, at) => ({
    type: 'message',
    n: at + 1,
    at: at + 1,
    from: at % 2 === 0 ? 'a' : 'b',
    text: `text ${at}`,
  }));

/** Converts an export, and checks it as the importer does. */
export async function converted(lines: AsyncIterable<PlacedValue>): Promise<TransferLine[]> {
  const checker = new LineChecker(Date.now());
  const all: TransferLine[] = [];
  for await (const line of lines) all.push(checker.check(line));
  checker.finish();
  return all;
}

/** Returns the lines of one type. */
export const only = <Type extends TransferLine['type']>(lines: readonly TransferLine[], type: Type) =>
  lines.filter((line): line is Extract<TransferLine, { type: Type }> => line.type === type);

/** Exports channels by id; none: all. */
export async function exported(pool: Pool, ...ids: number[]): Promise<NewLine[]> {
  return snapshot(pool, async (connection) => {
    const channels = await channelsToExport(connection, ids.length === 0 ? undefined : ids);
    const lines: NewLine[] = [];
    for await (const line of new ExportLines(connection).lines(channels)) lines.push(line);
    return lines;
  });
}

/** Imports lines, as the second reading of a file must find them. */
export function imported(
  pool: Pool,
  lines: readonly unknown[],
  map: Readonly<Record<string, string>> = {},
  isDry = false,
) {
  const none = new AbortController().signal;
  return importLines(pool, { open: () => placed(lines), map: new Map(Object.entries(map)), isDry, signal: none });
}
