import { ChannelKind, type Message, Welcome } from '@parley/contract';
import type { MemberReceipt } from '../src/index.js';
import { ReceiptBook } from '../src/receipt-book.js';

const { jest } = import.meta;

const chat = { id: 1, kind: ChannelKind.GROUP, retention: { everything: true } };

function welcomeTo(channel: object, log = 'l'): Welcome {
  return Welcome.fromPartial({ channel, me: { id: 'ann' }, log });
}

function book(reportsDelivered = true, channel: object = chat) {
  const stored = { log: 'l', others: [] as MemberReceipt[] };
  const missed: MemberReceipt[] = [];
  const sent: (readonly [number, number, string])[] = [];
  const send = ({ receipt }: Message) => {
    if (receipt !== undefined) sent.push([receipt.deliveredSeq, receipt.readSeq, receipt.log]);
  };
  const onMissed = (receipt: MemberReceipt) => missed.push(receipt);
  const receipts = new ReceiptBook({ send, chat: async () => stored, onMissed }, reportsDelivered);
  receipts.enter(welcomeTo(channel));
  return { receipts, sent, stored, missed };
}

beforeEach(() => jest.useFakeTimers());
afterEach(() => jest.useRealTimers());

test('reports delivered and read entries, at most once a second', () => {
  const { receipts, sent } = book();
  for (let seq = 1; seq <= 50; seq++) receipts.received(seq);
  expect(sent).toEqual([[1, 0, 'l']]);
  receipts.read(48);
  jest.advanceTimersByTime(1_000);
  expect(sent).toEqual([
    [1, 0, 'l'],
    [50, 48, 'l'],
  ]);
  jest.advanceTimersByTime(10_000);
  receipts.read(20);
  jest.advanceTimersByTime(10_000);
  expect(sent).toHaveLength(2);
});

test('reports that the user has read again, but not with a delivery', () => {
  const { receipts, sent } = book();
  const read = (seq: number) => {
    receipts.read(seq);
    jest.advanceTimersByTime(1_000);
  };
  for (const seq of [5, 5, 4, 0]) read(seq);
  receipts.received(6);
  jest.advanceTimersByTime(1_000);
  read(5);
  expect(sent.map(([delivered, seq]) => [delivered, seq])).toEqual([
    [5, 5],
    [5, 5],
    [6, 0],
    [6, 5],
  ]);
});

test('does not report delivered entries if `reportsDelivered` is false', () => {
  const { receipts, sent } = book(false);
  receipts.received(5);
  jest.advanceTimersByTime(10_000);
  expect(sent).toEqual([]);
  receipts.read(4);
  expect(sent).toEqual([[4, 4, 'l']]);
});

test.each([
  ['room', { ...chat, kind: ChannelKind.ROOM }],
  ['chat without history', { ...chat, retention: { nothing: true } }],
])('reports nothing in a %s', (_what, channel) => {
  const { receipts, sent } = book(true, channel);
  receipts.received(5);
  receipts.read(5);
  jest.advanceTimersByTime(10_000);
  expect(sent).toEqual([]);
});

test('repeats unconfirmed receipts on the next stream', () => {
  const { receipts, sent } = book();
  receipts.read(3);
  receipts.flush();
  receipts.learn({ userId: 'ann', deliveredSeq: 3, readSeq: 3 });
  receipts.enter(welcomeTo(chat));
  expect(sent).toHaveLength(1);
  receipts.read(4);
  receipts.flush();
  receipts.enter(welcomeTo(chat));
  expect(sent.slice(1)).toEqual([
    [4, 4, 'l'],
    [4, 4, 'l'],
  ]);
});

test('keeps the latest receipts of others, and forgets those of another log', async () => {
  const { receipts, sent } = book();
  const others = await receipts.fetch();
  receipts.learn({ userId: 'bob', deliveredSeq: 5, readSeq: 2 });
  receipts.learn({ userId: 'bob', deliveredSeq: 4, readSeq: 4 });
  expect([...others]).toEqual([['bob', { deliveredSeq: 5, readSeq: 4 }]]);
  receipts.read(9);
  receipts.flush();
  receipts.enter(welcomeTo(chat, 'other'));
  receipts.flush();
  expect(others.size).toBe(0);
  expect(sent).toEqual([[9, 9, 'l']]);
});

test('reports receipts that were missed between two streams, if the caller has fetched receipts before', async () => {
  const { receipts, stored, missed } = book();
  const reconnect = async () => {
    receipts.enter(welcomeTo(chat));
    await jest.advanceTimersByTimeAsync(0);
  };
  stored.others = [{ userId: 'bob', deliveredSeq: 3, readSeq: 2 }];
  await reconnect();
  expect(missed).toEqual([]);
  const others = await receipts.fetch();
  expect(others.get('bob')).toEqual({ deliveredSeq: 3, readSeq: 2 });
  await reconnect();
  expect(missed).toEqual([]);
  stored.others = [
    { userId: 'bob', deliveredSeq: 3, readSeq: 3 },
    { userId: 'cy', deliveredSeq: 1, readSeq: 0 },
  ];
  await reconnect();
  expect(missed).toEqual(stored.others);
  stored.others = [{ userId: 'bob', deliveredSeq: 9, readSeq: 9 }];
  receipts.enter(welcomeTo(chat));
  receipts.close();
  await jest.advanceTimersByTimeAsync(0);
  expect(missed).toHaveLength(2);
  expect(others.get('cy')).toEqual({ deliveredSeq: 1, readSeq: 0 });
});

test('flush() sends the waiting receipts, and after close() none are sent', () => {
  const { receipts, sent } = book();
  receipts.received(1);
  receipts.received(2);
  receipts.flush();
  expect(sent.at(-1)).toEqual([2, 0, 'l']);
  receipts.received(3);
  receipts.close();
  jest.advanceTimersByTime(10_000);
  receipts.read(4);
  expect(sent).toHaveLength(2);
});
