import type { Framing } from './framing.js';
import { levelFor, RingBuffer } from './ring-buffer.js';

const bare: Framing = { overheadBytes: 0, join: (messages) => Buffer.concat(messages) };

function frame(text: string, plain = true) {
  return { bytes: Buffer.from(text), plain };
}

describe('RingBuffer', () => {
  test('joins the messages after a cursor only once for all subscribers at that cursor', () => {
    const log = new RingBuffer(1_000, 100);
    for (const text of ['a', 'b', 'c']) log.push(frame(text));
    const joined = log.view(bare, false).after(1);
    expect(joined?.bytes.toString()).toBe('bc');
    expect(joined?.next).toBe(3);
    expect(joined?.count).toBe(2);
    expect(log.view(bare, false).after(1)).toBe(joined);
  });

  test('joins the messages at a cursor again after a push', () => {
    const log = new RingBuffer(1_000, 100);
    log.push(frame('a'));
    expect(log.view(bare, false).after(0)?.bytes.toString()).toBe('a');
    log.push(frame('b'));
    expect(log.view(bare, false).after(0)?.bytes.toString()).toBe('ab');
  });

  test('the plain view leaves out messages that are only for subscribers with events', () => {
    const log = new RingBuffer(1_000, 100);
    log.push(frame('a'));
    log.push(frame('E', false));
    log.push(frame('b'));
    expect(log.view(bare, true).after(0)?.bytes.toString()).toBe('ab');
    expect(log.view(bare, false).after(0)?.bytes.toString()).toBe('aEb');
    expect(log.view(bare, true).after(0)?.next).toBe(3);
  });

  test('joins at most the bytes of one write, but always at least one message', () => {
    const log = new RingBuffer(1_000, 4);
    for (const text of ['aaa', 'bbb', 'cccccccc', 'd']) log.push(frame(text));
    const reads: string[] = [];
    for (let cursor = 0; cursor < log.head; ) {
      const joined = log.view(bare, false).after(cursor);
      reads.push(joined?.bytes.toString() ?? '');
      cursor = joined?.next ?? log.head;
    }
    expect(reads).toEqual(['aaa', 'bbb', 'cccccccc', 'd']);
  });

  test('the ring is limited in bytes, and returns nothing for a cursor whose messages it has dropped', () => {
    const log = new RingBuffer(100, 50);
    for (let i = 0; i < 30; i++) log.push(frame('0123456789'));
    expect(log.bytes).toBeLessThanOrEqual(100);
    expect(log.bytes).toBeGreaterThanOrEqual(70);
    expect(log.head).toBe(30);
    expect(log.view(bare, false).after(log.tail - 1)).toBeUndefined();
    expect(log.view(bare, false).after(log.tail)).toBeDefined();
  });

  test('keeps a single frame that is larger than the ring', () => {
    const log = new RingBuffer(10, 10);
    log.push(frame('x'.repeat(50)));
    expect(log.view(bare, false).after(0)?.bytes.length).toBe(50);
  });

  test('joins the same messages for two transports, each with its own framing', () => {
    const log = new RingBuffer(1_000, 100);
    const lines: Framing = {
      overheadBytes: 1,
      join: (messages) => Buffer.concat(messages.flatMap((one) => [one, Buffer.from('|')])),
    };
    log.push(frame('a'));
    log.push(frame('b'));
    expect(log.view(bare, false).after(0)?.bytes.toString()).toBe('ab');
    expect(log.view(lines, false).after(0)?.bytes.toString()).toBe('a|b|');
    log.push(frame('c'));
    expect(log.view(lines, false).after(2)?.bytes.toString()).toBe('c|');
  });

  test('the overhead of framing counts towards the limit of one write', () => {
    const log = new RingBuffer(1_000, 10);
    const padded: Framing = { overheadBytes: 4, join: (messages) => Buffer.concat(messages) };
    for (const text of ['aaa', 'bbb', 'ccc']) log.push(frame(text));
    expect(log.view(bare, false).after(0)?.count).toBe(3);
    expect(log.view(padded, false).after(0)?.count).toBe(1);
  });

  test('caches at most two joined writes, however many cursors read', () => {
    const log = new RingBuffer(10_000, 100);
    for (let i = 0; i < 300; i++) log.push(frame('0123456789'));
    const view = log.view(bare, false);
    for (let cursor = log.tail; cursor < log.head; cursor++) view.after(cursor);
    expect(view.joinedBytes).toBeLessThanOrEqual(200);
    expect(view.after(log.head - 1)).toBe(view.after(log.head - 1));
  });
});

test.each([
  [[], 10, Number.POSITIVE_INFINITY],
  [[3, 7], 10, Number.POSITIVE_INFINITY],
  [[100], 10, 10],
  [[10, 200, 90], 190, 90],
  [[1, 50, 50], 21, 10],
])('levelFor(%j, %d) is %d', (sizes, target, level) => {
  expect(levelFor(sizes, target)).toBe(level);
});
