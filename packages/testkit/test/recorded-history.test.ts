import { checkHistory, type Heard, type NamedEntry, type RecordedHistory } from '../src/index.js';

const entries: NamedEntry[] = Array.from({ length: 20 }, (_, n) => ({ seq: n + 1, name: `m${n + 1}` }));
const heard = entries.map((entry): Heard => ({ is: 'entry', ...entry }));

function history(planted: Partial<RecordedHistory> = {}): RecordedHistory {
  const readers = ['ann', 'bob'].map((name) => ({ name, startsAfter: 0, heard }));
  return { channel: 'den', acked: entries, stored: entries, readers, ...planted };
}

/** Bob heard this, Ann all of it in order. */
function bobHeard(list: readonly Heard[], startsAfter = 0): RecordedHistory {
  const [ann] = history().readers;
  return history({ readers: [ann, { name: 'bob', startsAfter, heard: list }].filter((one) => one !== undefined) });
}

const kindsOf = (one: RecordedHistory) => [...new Set(checkHistory(one).map(({ kind }) => kind))];

test('a whole history has no fault, nor one with unacked rows', () => {
  expect(checkHistory(history())).toEqual([]);
  expect(checkHistory(history({ acked: entries.slice(3) }))).toEqual([]);
});

test('acked and not stored, at its end too, or stored as another', () => {
  const rows = entries.slice(0, -1);
  const readers = history().readers.map((one) => ({ ...one, heard: heard.slice(0, -1) }));
  expect(kindsOf(history({ stored: rows }))).toEqual(['lost', 'heard, not stored']);
  expect(kindsOf(history({ stored: rows, readers }))).toEqual(['lost']);
  expect(kindsOf(history({ stored: entries.filter(({ seq }) => seq !== 7) }))).toEqual([
    'lost',
    'seq gap',
    'heard, not stored',
  ]);
  expect(kindsOf(history({ acked: [{ seq: 3, name: 'm4' }] }))).toEqual(['lost']);
});

test('stored twice', () => {
  const again = { seq: 21, name: 'm5' };
  const readers = history().readers.map((one) => ({ ...one, heard: [...heard, { is: 'entry' as const, ...again }] }));
  expect(kindsOf(history({ stored: [...entries, again], readers }))).toEqual(['stored twice']);
});

test('a log that does not begin with 1, or has a hole', () => {
  const from2 = { stored: entries.slice(1), acked: entries.slice(1) };
  const readers = [{ name: 'ann', startsAfter: 1, heard: heard.slice(1) }];
  expect(kindsOf(history({ ...from2, readers }))).toEqual(['seq gap']);
  const holed = entries.filter(({ seq }) => seq !== 9);
  expect(kindsOf(history({ stored: holed, acked: holed, readers: [] }))).toEqual(['seq gap']);
});

test('two readers with different orders, against the table and where it says nothing', () => {
  const swapped = heard.map((one): Heard => {
    if (one.is !== 'entry' || (one.seq !== 4 && one.seq !== 5)) return one;
    return { ...one, name: `m${9 - one.seq}` };
  });
  expect(checkHistory(bobHeard(swapped)).map(({ kind }) => kind)).toEqual(['another order', 'another order']);
  expect(kindsOf({ ...bobHeard(swapped), stored: [], acked: [] })).toEqual(['heard, not stored', 'another order']);
});

test('heard twice, and out of order', () => {
  expect(kindsOf(bobHeard([...heard.slice(0, 10), ...heard.slice(9)]))).toEqual(['heard twice']);
  const late = [...heard.slice(0, 4), ...heard.slice(5, 10), ...heard.slice(4, 5), ...heard.slice(10)];
  expect(kindsOf(bobHeard(late))).toEqual(['silent gap', 'out of order']);
});

test('a silent gap: in the middle, at the beginning and at the end; a told one is none', () => {
  const holed = heard.filter((_, at) => at !== 6);
  expect(checkHistory(bobHeard(holed))).toEqual([{ kind: 'silent gap', words: 'den, bob: 7 did not come' }]);
  expect(kindsOf(bobHeard(heard.slice(1)))).toEqual(['silent gap']);
  expect(kindsOf(bobHeard(heard.slice(0, -1)))).toEqual(['silent gap']);
  expect(kindsOf(bobHeard(heard.slice(3), 3))).toEqual([]);
  expect(kindsOf(bobHeard([...holed.slice(0, 6), { is: 'gap', from: 7, to: 7 }, ...holed.slice(6)]))).toEqual([]);
  expect(kindsOf(bobHeard([...heard.slice(0, 4), { is: 'gap', from: 5, to: 7 }, ...heard.slice(9)]))).toEqual([
    'silent gap',
  ]);
});

test('after a reset seqs begin anew', () => {
  expect(kindsOf(bobHeard([...heard.slice(0, 5), { is: 'reset', seq: 0 }, ...heard]))).toEqual([]);
  expect(kindsOf(bobHeard([...heard.slice(0, 5), { is: 'reset', seq: 7 }, ...heard.slice(8)]))).toEqual(['silent gap']);
});
