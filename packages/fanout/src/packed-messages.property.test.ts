import fc from 'fast-check';
import type { EncodedMessage } from './encoded-message.js';
import { messageCostBytes, PackedMessages } from './packed-messages.js';

const runs = { numRuns: 150, seed: 7 };
/** Memory of the arrays while they are small. */
const smallBytes = 1_500;

const message = fc.record({
  size: fc.oneof({ weight: 9, arbitrary: fc.nat(150) }, { weight: 1, arbitrary: fc.nat(1_500) }),
  plain: fc.boolean(),
  amends: fc.boolean(),
});
const steps = fc.array(
  fc.oneof(
    { weight: 8, arbitrary: message.map((pushed) => ({ do: 'push' as const, ...pushed, amends: false })) },
    { weight: 1, arbitrary: message.map((pushed) => ({ do: 'push' as const, ...pushed })) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('replace' as const), back: fc.nat(9), size: fc.nat(150) }) },
    { weight: 4, arbitrary: fc.record({ do: fc.constant('drop' as const), keep: fc.nat(9) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('fit' as const) }) },
  ),
  { maxLength: 120, size: 'max' },
);

function messageOf(fill: number, size: number, plain: boolean, amends: boolean): EncodedMessage {
  const bytes = Buffer.alloc(size, fill % 251);
  return amends ? { bytes, plain, amendment: { target: 1, apply: (earlier) => earlier } } : { bytes, plain };
}

function isSame(held: EncodedMessage, expected: EncodedMessage): boolean {
  return (
    held.plain === expected.plain &&
    held.amendment === expected.amendment &&
    Buffer.compare(held.bytes, expected.bytes) === 0
  );
}

/** Compares the list with the messages that it holds, by cursor. */
function check(packed: PackedMessages, model: readonly EncodedMessage[]): void {
  const wrong: number[] = [];
  let memory = smallBytes;
  for (let cursor = packed.tail; cursor < packed.head; cursor++) {
    const expected = model[cursor] as EncodedMessage;
    if (!isSame(packed.at(cursor), expected) || packed.lengthAt(cursor) !== expected.bytes.length) wrong.push(cursor);
    memory += 2 * packed.costAt(cursor) + 4 * expected.bytes.length + messageCostBytes;
  }
  expect(wrong).toEqual([]);
  expect(packed.memoryBytes).toBeLessThanOrEqual(memory);
}

test('holds exactly the messages that were pushed and not dropped, in memory that follows their bytes', () => {
  fc.assert(
    fc.property(steps, (taken) => {
      const packed = new PackedMessages();
      const model: EncodedMessage[] = [];
      for (const [n, step] of taken.entries()) {
        if (step.do === 'push') {
          const pushed = messageOf(n, step.size, step.plain, step.amends);
          model.push(pushed);
          packed.push(pushed);
        } else if (step.do === 'replace') {
          const cursor = packed.head - 1 - step.back;
          if (cursor < packed.tail) continue;
          model[cursor] = messageOf(n, step.size, true, false);
          packed.replace(cursor, model[cursor]);
        } else if (step.do === 'drop') packed.dropBefore(Math.max(packed.tail, packed.head - step.keep));
        else packed.shrinkToFit();
        expect(packed.head).toBe(model.length);
        check(packed, model);
      }
      packed.dropBefore(packed.head);
      packed.shrinkToFit();
      expect(packed.memoryBytes).toBe(0);
    }),
    runs,
  );
});

test('the bytes of a replaced message do not change when the memory of the replacement is reused', () => {
  const packed = new PackedMessages();
  for (const letter of 'ab') packed.push({ bytes: Buffer.alloc(100, letter), plain: true });
  packed.replace(1, packed.at(0)); // The bytes are a view of the list.
  packed.dropBefore(1);
  for (let n = 0; n < 4; n++) packed.push({ bytes: Buffer.alloc(90, 'x'), plain: true });
  expect(Buffer.from(packed.at(1).bytes).toString()).toBe('a'.repeat(100));
});
