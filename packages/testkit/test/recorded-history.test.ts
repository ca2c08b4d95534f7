import { checkHistory, type NamedEntry, type ReaderEvent, type RecordedHistory } from '../src/index.js';

const entries: NamedEntry[] = Array.from({ length: 20 }, (_, n) => ({ seq: n + 1, name: `m${n + 1}` }));
const received = entries.map((entry): ReaderEvent => ({ is: 'entry', ...entry }));

function history(planted: Partial<RecordedHistory> = {}): RecordedHistory {
  const readers = ['ann', 'bob'].map((name) => ({ name, startsAfter: 0, received }));
  return { channel: 'room', acked: entries, stored: entries, readers, ...planted };
}

/** Returns a history in which Bob received `list`, and Ann received everything in order. */
function bobReceived(list: readonly ReaderEvent[], startsAfter = 0): RecordedHistory {
  const [ann] = history().readers;
  return history({ readers: [ann, { name: 'bob', startsAfter, received: list }].filter((one) => one !== undefined) });
}

const kindsOf = (one: RecordedHistory) => [...new Set(checkHistory(one).map(({ kind }) => kind))];

test('finds no fault in a complete history, or one with unacked rows', () => {
  expect(checkHistory(history())).toEqual([]);
  expect(checkHistory(history({ acked: entries.slice(3) }))).toEqual([]);
});

test('finds acked messages that are missing or stored differently', () => {
  const rows = entries.slice(0, -1);
  const readers = history().readers.map((one) => ({ ...one, received: received.slice(0, -1) }));
  expect(kindsOf(history({ stored: rows }))).toEqual(['lost', 'received, not stored']);
  expect(kindsOf(history({ stored: rows, readers }))).toEqual(['lost']);
  expect(kindsOf(history({ stored: entries.filter(({ seq }) => seq !== 7) }))).toEqual([
    'lost',
    'seq gap',
    'received, not stored',
  ]);
  expect(kindsOf(history({ acked: [{ seq: 3, name: 'm4' }] }))).toEqual(['lost']);
});

test('finds messages stored twice', () => {
  const again = { seq: 21, name: 'm5' };
  const readers = history().readers.map((one) => ({
    ...one,
    received: [...received, { is: 'entry' as const, ...again }],
  }));
  expect(kindsOf(history({ stored: [...entries, again], readers }))).toEqual(['stored twice']);
});

test('finds a log that does not start at 1 or has a hole', () => {
  const from2 = { stored: entries.slice(1), acked: entries.slice(1) };
  const readers = [{ name: 'ann', startsAfter: 1, received: received.slice(1) }];
  expect(kindsOf(history({ ...from2, readers }))).toEqual(['seq gap']);
  const holed = entries.filter(({ seq }) => seq !== 9);
  expect(kindsOf(history({ stored: holed, acked: holed, readers: [] }))).toEqual(['seq gap']);
});

test('finds readers that disagree with the table or with each other', () => {
  const swapped = received.map((one): ReaderEvent => {
    if (one.is !== 'entry' || (one.seq !== 4 && one.seq !== 5)) return one;
    return { ...one, name: `m${9 - one.seq}` };
  });
  expect(checkHistory(bobReceived(swapped)).map(({ kind }) => kind)).toEqual(['another order', 'another order']);
  expect(kindsOf({ ...bobReceived(swapped), stored: [], acked: [] })).toEqual([
    'received, not stored',
    'another order',
  ]);
});

test('finds duplicates and entries out of order', () => {
  expect(kindsOf(bobReceived([...received.slice(0, 10), ...received.slice(9)]))).toEqual(['received twice']);
  const late = [...received.slice(0, 4), ...received.slice(5, 10), ...received.slice(4, 5), ...received.slice(10)];
  expect(kindsOf(bobReceived(late))).toEqual(['silent gap', 'out of order']);
});

test('the checker finds gaps that were not reported to a reader, anywhere in the log', () => {
  const holed = received.filter((_, at) => at !== 6);
  expect(checkHistory(bobReceived(holed))).toEqual([{ kind: 'silent gap', words: 'room, bob: 7 did not arrive' }]);
  expect(kindsOf(bobReceived(received.slice(1)))).toEqual(['silent gap']);
  expect(kindsOf(bobReceived(received.slice(0, -1)))).toEqual(['silent gap']);
  expect(kindsOf(bobReceived(received.slice(3), 3))).toEqual([]);
  expect(kindsOf(bobReceived([...holed.slice(0, 6), { is: 'gap', from: 7, to: 7 }, ...holed.slice(6)]))).toEqual([]);
  expect(kindsOf(bobReceived([...received.slice(0, 4), { is: 'gap', from: 5, to: 7 }, ...received.slice(9)]))).toEqual([
    'silent gap',
  ]);
});

test('the checker expects seqs to start again after a reset', () => {
  expect(kindsOf(bobReceived([...received.slice(0, 5), { is: 'reset', seq: 0 }, ...received]))).toEqual([]);
  expect(kindsOf(bobReceived([...received.slice(0, 5), { is: 'reset', seq: 7 }, ...received.slice(8)]))).toEqual([
    'silent gap',
  ]);
});

test('the checker expects no entries from the time when a reader was not a member, and finds those that arrived', () => {
  const away = [{ from: 8, to: 11 }];
  const readerOf = (list: readonly ReaderEvent[]) => ({ name: 'bob', startsAfter: 0, received: list, away });
  const without = received.filter((one) => one.is === 'entry' && (one.seq < 8 || one.seq > 11));
  expect(kindsOf(history({ readers: [readerOf(without)] }))).toEqual([]);
  expect(kindsOf(history({ readers: [readerOf(without.slice(0, -1))] }))).toEqual(['silent gap']);
  const [stolen] = received.slice(7, 8);
  const more = [...without.slice(0, 7), ...(stolen ? [stolen] : []), ...without.slice(7)];
  expect(checkHistory(history({ readers: [readerOf(more)] }))).toEqual([
    { kind: 'received while away', words: 'room, bob: 8 (m8)' },
  ]);
});
