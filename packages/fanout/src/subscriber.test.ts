import { RingBuffer } from './ring-buffer.js';
import { Subscriber, type SubscriberOptions } from './subscriber.js';

/** An outlet that takes what a test lets it take. */
class FakeOutlet {
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
  const logs = { entries: new RingBuffer(100, 50), lossy: new RingBuffer(30, 50) };
  const outlet = new FakeOutlet();
  const slow: number[] = [];
  const written: number[] = [];
  const reader = new Subscriber({
    logs,
    outlet,
    events: true,
    maxOwnBytes: 40,
    onSlow: () => slow.push(1),
    onWrite: (frames) => written.push(frames),
    ...options,
  });
  const say = (text: string) => logs.entries.push({ bytes: Buffer.from(text), plain: true });
  const flash = (text: string) => logs.lossy.push({ bytes: Buffer.from(text), plain: false });
  return { logs, outlet, slow, written, reader, say, flash };
}

describe('Reader', () => {
  test('gets its own frames first, then entries, then lossy frames', () => {
    const { outlet, reader, say, flash } = setUp();
    flash('L');
    say('a');
    say('b');
    reader.tell(Buffer.from('W'));
    expect(outlet.got).toEqual(['W', 'ab', 'L']);
  });

  test('starts at the end of the log, or at the cursor it is given', () => {
    const { logs, say } = setUp();
    say('a');
    say('b');
    const [late, resumed] = [new FakeOutlet(), new FakeOutlet()];
    const common = { logs, events: true, maxOwnBytes: 10, onSlow: () => {}, onWrite: () => {} };
    new Subscriber({ ...common, outlet: late }).pump();
    new Subscriber({ ...common, outlet: resumed, cursor: 1 }).pump();
    expect(late.got).toEqual([]);
    expect(resumed.got).toEqual(['b']);
  });

  test('writes nothing while the reader is not ready, and all of it in order afterwards', () => {
    const { outlet, reader, say } = setUp();
    outlet.ready = false;
    say('a');
    reader.pump();
    say('b');
    say('c');
    reader.pump();
    expect(outlet.got).toEqual(['a']);
    outlet.drain();
    expect(outlet.got).toEqual(['a', 'bc']);
  });

  test('is slow once, when the ring has passed it, and then gets nothing more', () => {
    const { outlet, reader, say, slow } = setUp();
    outlet.ready = false;
    say('a');
    reader.pump();
    for (let i = 0; i < 30; i++) {
      say('0123456789');
      reader.pump();
    }
    expect(slow).toHaveLength(1);
    outlet.drain();
    expect(outlet.got).toEqual(['a']);
  });

  test('skips lossy frames that it was too slow for, and is not called slow for them', () => {
    const { outlet, reader, flash, slow } = setUp();
    outlet.ready = false;
    flash('x');
    reader.pump();
    for (let i = 0; i < 20; i++) flash('0123456789');
    outlet.drain();
    expect(slow).toHaveLength(0);
    expect(outlet.got.join('').length).toBeLessThan(40);
    flash('y');
    reader.pump();
    expect(outlet.got.at(-1)).toContain('y');
  });

  test('is slow when frames of its own pile up', () => {
    const { outlet, reader, slow } = setUp();
    outlet.ready = false;
    for (let i = 0; i < 6; i++) reader.tell(Buffer.from('0123456789'));
    expect(slow).toHaveLength(1);
  });

  test('finishes behind everything that waits, and takes nothing new', () => {
    const { outlet, reader, say } = setUp();
    const done: number[] = [];
    outlet.ready = false;
    say('a');
    reader.pump();
    say('b');
    reader.finish(Buffer.from('G'), () => done.push(1));
    reader.tell(Buffer.from('late'));
    expect(done).toHaveLength(0);
    outlet.drain();
    expect(outlet.got).toEqual(['a', 'b', 'G']);
    expect(done).toHaveLength(1);
  });

  test('counts the frames of each write', () => {
    const { reader, say, written } = setUp();
    for (const text of ['a', 'b', 'c']) say(text);
    reader.pump();
    expect(written).toEqual([3]);
  });

  test('without events sees only what was said', () => {
    const { outlet, reader, say, flash } = setUp({ events: false });
    flash('L');
    say('a');
    reader.pump();
    expect(outlet.got).toEqual(['a']);
  });
});
