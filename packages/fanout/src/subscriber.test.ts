import type { Framing } from './framing.js';
import { RingBuffer } from './ring-buffer.js';
import { Subscriber, type SubscriberOptions } from './subscriber.js';

const bare: Framing = { overheadBytes: 0, join: (messages) => Buffer.concat(messages) };

/** A stream whose readiness the test controls. */
class FakeSink {
  readonly framing = bare;
  ended = false;
  ready = true;
  readonly got: string[] = [];
  #drain: (() => void) | undefined;

  write(frames: Buffer): boolean {
    this.got.push(frames.toString());
    return this.ready;
  }

  onDrain(listener: () => void): void {
    this.#drain = listener;
  }

  drain(): void {
    this.ready = true;
    this.#drain?.();
  }
}

function setUp(options: Partial<SubscriberOptions> = {}) {
  const rings = { entries: new RingBuffer(100, 50), lossy: new RingBuffer(30, 50) };
  const sink = new FakeSink();
  const slow: number[] = [];
  const written: number[] = [];
  const reader = new Subscriber({
    rings,
    sink,
    events: true,
    maxOwnBytes: 40,
    onSlow: () => slow.push(1),
    onWrite: (frames) => written.push(frames),
    ...options,
  });
  const say = (text: string) => rings.entries.push({ bytes: Buffer.from(text), plain: true });
  const flash = (text: string) => rings.lossy.push({ bytes: Buffer.from(text), plain: false });
  return { rings, sink, slow, written, reader, say, flash };
}

describe('Subscriber', () => {
  test('a subscriber writes first the frames that only it gets, then entries, then lossy frames', () => {
    const { sink, reader, say, flash } = setUp();
    flash('L');
    say('a');
    say('b');
    reader.send(Buffer.from('W'));
    expect(sink.got).toEqual(['W', 'ab', 'L']);
  });

  test('a subscriber starts at the end of the log or at a given cursor', () => {
    const { rings, say } = setUp();
    say('a');
    say('b');
    const [late, resumed] = [new FakeSink(), new FakeSink()];
    const common = { rings, events: true, maxOwnBytes: 10, onSlow: () => {}, onWrite: () => {} };
    new Subscriber({ ...common, sink: late }).flush();
    new Subscriber({ ...common, sink: resumed, cursor: 1 }).flush();
    expect(late.got).toEqual([]);
    expect(resumed.got).toEqual(['b']);
  });

  test('writes nothing while the stream is not ready, and everything in order afterwards', () => {
    const { sink, reader, say } = setUp();
    sink.ready = false;
    say('a');
    reader.flush();
    say('b');
    say('c');
    reader.flush();
    expect(sink.got).toEqual(['a']);
    sink.drain();
    expect(sink.got).toEqual(['a', 'bc']);
  });

  test('a subscriber that the ring has passed is reported as slow once, and receives nothing more', () => {
    const { sink, reader, say, slow } = setUp();
    sink.ready = false;
    say('a');
    reader.flush();
    for (let i = 0; i < 30; i++) {
      say('0123456789');
      reader.flush();
    }
    expect(slow).toHaveLength(1);
    sink.drain();
    expect(sink.got).toEqual(['a']);
  });

  test('a subscriber that is too slow for lossy frames skips them, and is not reported as slow', () => {
    const { sink, reader, flash, slow } = setUp();
    sink.ready = false;
    flash('x');
    reader.flush();
    for (let i = 0; i < 20; i++) flash('0123456789');
    sink.drain();
    expect(slow).toHaveLength(0);
    expect(sink.got.join('').length).toBeLessThan(40);
    flash('y');
    reader.flush();
    expect(sink.got.at(-1)).toContain('y');
  });

  test('reports a subscriber as slow when too many frames are queued for it alone', () => {
    const { sink, reader, slow } = setUp();
    sink.ready = false;
    for (let i = 0; i < 6; i++) reader.send(Buffer.from('0123456789'));
    expect(slow).toHaveLength(1);
  });

  test('a subscriber that finishes writes everything that is queued, and accepts nothing new', () => {
    const { sink, reader, say } = setUp();
    const done: number[] = [];
    sink.ready = false;
    say('a');
    reader.flush();
    say('b');
    reader.finish(Buffer.from('G'), () => done.push(1));
    reader.send(Buffer.from('late'));
    expect(done).toHaveLength(0);
    sink.drain();
    expect(sink.got).toEqual(['a', 'b', 'G']);
    expect(done).toHaveLength(1);
  });

  test('reports the number of frames in each write', () => {
    const { reader, say, written } = setUp();
    for (const text of ['a', 'b', 'c']) say(text);
    reader.flush();
    expect(written).toEqual([3]);
  });

  test('a subscriber that did not ask for events receives only messages', () => {
    const { sink, reader, say, flash } = setUp({ events: false });
    flash('L');
    say('a');
    reader.flush();
    expect(sink.got).toEqual(['a']);
  });

  test('counts the memory of messages that are queued for one subscriber alone, with their overhead', () => {
    const counted: number[] = [];
    const { sink, reader } = setUp({ unread: { set: (bytes) => counted.push(bytes) } });
    reader.send(Buffer.from('at once'));
    expect(counted).toEqual([]);
    sink.ready = false;
    reader.send(Buffer.from('blocks'));
    reader.send(Buffer.from('waits'));
    expect(counted).toEqual([6, 6 + 405]);
    sink.drain();
    expect(counted.at(-1)).toBe(0);
    sink.ready = false;
    reader.send(Buffer.from('blocks'));
    reader.leave();
    expect(counted.at(-1)).toBe(0);
  });

  test('counts a write of entries only after it has blocked the stream for a whole tick', () => {
    const counted: number[] = [];
    const { sink, reader, say } = setUp({ unread: { set: (bytes) => counted.push(bytes) } });
    const block = () => {
      sink.ready = false;
      say('entry');
      reader.flush();
    };
    block();
    reader.tick();
    sink.drain();
    block();
    reader.tick();
    expect(counted).toEqual([]);
    reader.tick();
    expect(counted).toEqual([5]);
    sink.drain();
    expect(counted).toEqual([5, 0]);
  });
});
