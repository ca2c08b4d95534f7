import { DedupeCache, DedupeMemory } from './dedupe-cache.js';

const sent = (seq: number) => ({ seq, timestamp: seq, digest: '' });
const id = (n: number) => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`;

function setUp(ofSender = 3, ofAll = 100) {
  const memory = new DedupeMemory({ ms: 1_000, storedMs: 100, ofSender, ofAll });
  return { memory, before: new DedupeCache(memory, false), other: new DedupeCache(memory, false) };
}

describe('DedupeCache', () => {
  test('finds an ack by sender and client id, ignoring case', () => {
    const { before } = setUp();
    before.add('alice', 'ABCDEF00-0000-4000-8000-000000000001', sent(1), 0);
    expect(before.find('alice', 'abcdef00-0000-4000-8000-000000000001')?.seq).toBe(1);
    expect(before.find('bob', 'abcdef00-0000-4000-8000-000000000001')).toBeUndefined();
  });

  test('tells a sender at the limit to wait, and forgets nothing early', () => {
    const { before } = setUp();
    before.add('bob', id(9), sent(9), 0);
    for (let n = 1; n <= 3; n++) before.add('alice', id(n), sent(n), 100 * n);
    expect(before.fullForMs('alice', 400)).toBe(700);
    expect(before.fullForMs('bob', 400)).toBe(0);
    expect([before.find('alice', id(1))?.seq, before.find('bob', id(9))?.seq]).toEqual([1, 9]);
    expect(before.fullForMs('alice', 1_100)).toBe(0);
    expect(before.find('alice', id(1))).toBeUndefined();
    expect(before.find('alice', id(2))?.seq).toBe(2);
  });

  test('a channel with history forgets a client id earlier than one without', () => {
    const { memory, before } = setUp();
    const stored = new DedupeCache(memory, true);
    for (const cache of [before, stored]) {
      cache.add('alice', id(1), sent(1), 0);
      cache.fullForMs('alice', 100);
    }
    expect([before.find('alice', id(1))?.seq, stored.find('alice', id(1))]).toEqual([1, undefined]);
  });

  test('all channels share one limit of client ids fairly', () => {
    const { before, other } = setUp(100, 10);
    for (let n = 0; n < 9; n++) before.add('alice', id(n), sent(n), 0);
    other.add('bob', id(1), sent(1), 0);
    expect(before.fullForMs('alice', 0)).toBe(1_000);
    expect(other.fullForMs('bob', 0)).toBe(0);
    expect(other.fullForMs('carol', 0)).toBe(0);
  });

  test('the cache frees space on request, and all its memory at the end', () => {
    const { memory, before } = setUp();
    for (let n = 1; n <= 3; n++) before.add('alice', id(n), sent(n), 0);
    before.makeRoom('alice');
    expect(before.find('alice', id(1))).toBeUndefined();
    expect(before.fullForMs('alice', 0)).toBe(0);
    before.end();
    before.add('alice', id(4), sent(4), 0);
    expect([memory.ids, memory.senders]).toEqual([0, 0]);
  });
});
