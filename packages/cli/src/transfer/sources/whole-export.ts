import type { NewLine } from '../format.js';
import type { PlacedValue } from '../line-reader.js';
import type { SourceSettings } from './source-settings.js';

/** A channel of another system. */
export interface SourceChannel {
  readonly name: string;
  /** The line of the channel, its entries and its members; undefined if no person can own it. */
  readonly lines: AsyncIterable<PlacedValue> | undefined;
}

/** Parts of an export of another system, as lines of an export of Parley. */
export interface SourceParts {
  readonly source: string;
  readonly people: Iterable<PlacedValue>;
  /** Yields each channel when the one before is done, so that only one is in memory. */
  readonly channels: Generator<SourceChannel>;
}

const placed = (value: NewLine): PlacedValue => ({ where: 'The export', value });

/** Yields a whole export, with its first and last line. Leaves out channels that nobody can own. */
export async function* wholeExport(
  { source, people, channels }: SourceParts,
  { leaveOut }: SourceSettings,
): AsyncGenerator<PlacedValue> {
  let count = 1;
  yield placed({ type: 'export', version: 1, source, moment: 0 });
  for (const person of people) {
    count += 1;
    yield person;
  }
  for (const { name, lines } of channels) {
    if (lines === undefined) leaveOut?.(name);
    for await (const line of lines ?? []) {
      count += 1;
      yield line;
    }
  }
  yield placed({ type: 'end', lines: count });
}
