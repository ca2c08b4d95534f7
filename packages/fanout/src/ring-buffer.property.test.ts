import fc from 'fast-check';
import type { EncodedMessage } from './encoded-message.js';
import type { Framing } from './framing.js';
import { type JoinedMessages, RingBuffer, RingMemory, type RingView } from './ring-buffer.js';

const runs = { numRuns: 300, seed: 42 };
const bounds = { ring: 60, write: 20 };
/** Minimum memory of a message in addition to its bytes. */
const overheadBytes = 9;

/** A framing that puts two bytes before each message. */
const framed: Framing = {
  overheadBytes: 2,
  join: (messages) => Buffer.concat(messages.flatMap((bytes) => [Buffer.from('> '), bytes])),
};

function encoded(text: string, plain: boolean): EncodedMessage {
  return { bytes: Buffer.from(text), plain };
}

/**
 * The ring under test together with a model of it: everything that was ever pushed, in its current
 * state.
 */
class Model {
  readonly pushed: EncodedMessage[] = [];
  readonly memory = new RingMemory();
  readonly ring = new RingBuffer(bounds.ring, bounds.write, this.memory);

  push(message: EncodedMessage): void {
    this.pushed.push(message);
    this.ring.push(message);
    expect(this.ring.head).toBe(this.pushed.length);
    if (this.ring.head - this.ring.tail > 1) expect(this.ring.bytes).toBeLessThanOrEqual(bounds.ring);
  }

  replace(cursor: number, message: EncodedMessage): void {
    if (cursor < this.pushed.length) this.pushed[cursor] = message;
    this.ring.replace(cursor, () => message);
  }

  dropBefore(cursor: number): void {
    const tail = Math.max(this.ring.tail, Math.min(cursor, this.ring.head));
    this.ring.dropBefore(cursor);
    expect(this.ring.tail).toBe(tail);
  }

  shrinkTo(bytes: number): void {
    this.ring.shrinkTo(bytes);
    expect(this.ring.memoryBytes).toBeLessThanOrEqual(bytes);
  }

  /** Reads from a cursor to the head, as a subscriber does. */
  read(cursor: number, plainOnly: boolean): void {
    const view = this.ring.view(framed, plainOnly);
    if (cursor < this.ring.tail) expect(view.after(cursor)).toBeUndefined();
    else this.#readOn(view, cursor, plainOnly);
  }

  #readOn(view: RingView, cursor: number, plainOnly: boolean): void {
    const expected = this.pushed.slice(cursor).filter(({ plain }) => plain || !plainOnly);
    let text = '';
    let at = cursor;
    while (at < this.ring.head) {
      const joined = view.after(at) as JoinedMessages;
      expect(joined.next).toBeGreaterThan(at);
      if (joined.count > 1) expect(joined.bytes.length).toBeLessThanOrEqual(bounds.write);
      text += joined.bytes.toString();
      at = joined.next;
    }
    expect(view.after(at)).toMatchObject({ count: 0, next: at });
    expect(text).toBe(expected.map(({ bytes }) => `> ${bytes}`).join(''));
  }

  check(): void {
    const held = this.pushed.slice(this.ring.tail).map(({ bytes }) => bytes.length);
    const bytes = held.reduce((sum, length) => sum + length, 0);
    expect(this.ring.bytes).toBe(bytes);
    expect(this.ring.memoryBytes).toBe(this.memory.bytes);
    expect(this.memory.bytes).toBeGreaterThanOrEqual(bytes + held.length * overheadBytes);
  }
}

const text = fc.string({ maxLength: 25, unit: fc.constantFrom('a', 'b', 'c') });
const cursor = fc.nat(40);
const steps = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: fc.record({ do: fc.constant('push' as const), text, plain: fc.boolean() }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('replace' as const), cursor, text, plain: fc.boolean() }) },
    { weight: 4, arbitrary: fc.record({ do: fc.constant('read' as const), cursor, plain: fc.boolean() }) },
    fc.record({ do: fc.constant('drop' as const), cursor }),
    fc.record({ do: fc.constant('shrink' as const), bytes: fc.nat(2_000) }),
  ),
  { maxLength: 40, size: 'max' },
);

test('a subscriber at any cursor reads exactly what the ring holds, and the ring stays within its limits', () => {
  fc.assert(
    fc.property(steps, (taken) => {
      const model = new Model();
      for (const step of taken) {
        if (step.do === 'push') model.push(encoded(step.text, step.plain));
        else if (step.do === 'replace') model.replace(step.cursor, encoded(step.text, step.plain));
        else if (step.do === 'read') model.read(Math.min(step.cursor, model.ring.head), step.plain);
        else if (step.do === 'drop') model.dropBefore(step.cursor);
        else model.shrinkTo(step.bytes);
        model.check();
      }
      model.ring.release();
      expect(model.memory.bytes).toBe(0);
    }),
    runs,
  );
});
