import { checkHistory, type FaultKind, type RecordedHistory } from '@parley/testkit';
import { durableDrill } from '../src/drills/durable.js';

/** What the checker finds once the first history has been tampered with. */
function kindsAfter([first]: readonly RecordedHistory[], plant: (history: RecordedHistory) => RecordedHistory) {
  const kinds = checkHistory(plant(first as RecordedHistory)).map(({ kind }) => kind);
  return [...new Set<FaultKind>(kinds)];
}

test('six kills under load: nothing acked is lost, twice or disordered, and the checker would have seen it', async () => {
  const lines: string[] = [];
  const tell = (line: string) => void lines.push(line);
  const { histories, faults, unanswered, stuck, ended } = await durableDrill({
    rounds: 6,
    restMs: [2_000, 2_500],
    tell,
  });
  expect({ faults, unanswered, stuck, ended }).toEqual({ faults: [], unanswered: [], stuck: 0, ended: [] });
  expect(histories).toHaveLength(4);
  for (const { acked, readers } of histories) {
    expect(acked.length).toBeGreaterThan(500);
    expect(readers.every(({ heard }) => heard.length >= acked.length)).toBe(true);
  }
  const rowGone = kindsAfter(histories, (one) => ({ ...one, stored: one.stored.filter((_, at) => at !== 99) }));
  expect(rowGone).toEqual(['lost', 'seq gap', 'heard, not stored']);
  const again = kindsAfter(histories, (one) => {
    const copy = { seq: one.stored.length + 1, name: one.stored[0]?.name ?? '' };
    return { ...one, stored: [...one.stored, copy] };
  });
  expect(again).toEqual(['stored twice', 'silent gap']);
  const swapped = kindsAfter(histories, ({ readers, ...one }) => {
    const [reader, ...others] = readers as [RecordedHistory['readers'][number]];
    const [a, b, ...rest] = reader.heard;
    return { ...one, readers: [{ ...reader, heard: [b, a, ...rest].filter((x) => x !== undefined) }, ...others] };
  });
  expect(swapped).toEqual(['silent gap', 'out of order']);
}, 120_000);
