import { RingBuffer } from './ring-buffer.js';

function frame(text: string, plain = true) {
  return { bytes: Buffer.from(text), plain };
}

describe('ChannelLog', () => {
  test('joins what follows a cursor, once for everybody who is there', () => {
    const log = new RingBuffer(1_000, 100);
    for (const text of ['a', 'b', 'c']) log.push(frame(text));
    const joined = log.after(1, false);
    expect(joined?.bytes.toString()).toBe('bc');
    expect(joined?.next).toBe(3);
    expect(joined?.frames).toBe(2);
    expect(log.after(1, false)).toBe(joined);
  });

  test('makes a new join after a push', () => {
    const log = new RingBuffer(1_000, 100);
    log.push(frame('a'));
    expect(log.after(0, false)?.bytes.toString()).toBe('a');
    log.push(frame('b'));
    expect(log.after(0, false)?.bytes.toString()).toBe('ab');
  });

  test('leaves out of the plain view what only readers with events see', () => {
    const log = new RingBuffer(1_000, 100);
    log.push(frame('a'));
    log.push(frame('E', false));
    log.push(frame('b'));
    expect(log.after(0, true)?.bytes.toString()).toBe('ab');
    expect(log.after(0, false)?.bytes.toString()).toBe('aEb');
    expect(log.after(0, true)?.next).toBe(3);
  });

  test('ends a join at the bound of one write, but always moves on', () => {
    const log = new RingBuffer(1_000, 4);
    for (const text of ['aaa', 'bbb', 'cccccccc', 'd']) log.push(frame(text));
    const reads: string[] = [];
    for (let cursor = 0; cursor < log.head; ) {
      const joined = log.after(cursor, false);
      reads.push(joined?.bytes.toString() ?? '');
      cursor = joined?.next ?? log.head;
    }
    expect(reads).toEqual(['aaa', 'bbb', 'cccccccc', 'd']);
  });

  test('is bounded by bytes, and tells who has fallen off', () => {
    const log = new RingBuffer(100, 50);
    for (let i = 0; i < 30; i++) log.push(frame('0123456789'));
    expect(log.bytes).toBeLessThanOrEqual(100);
    expect(log.bytes).toBeGreaterThanOrEqual(70);
    expect(log.head).toBe(30);
    expect(log.after(log.tail - 1, false)).toBeUndefined();
    expect(log.after(log.tail, false)).toBeDefined();
  });

  test('keeps a single frame that is larger than the ring', () => {
    const log = new RingBuffer(10, 10);
    log.push(frame('x'.repeat(50)));
    expect(log.after(0, false)?.bytes.length).toBe(50);
  });
});
