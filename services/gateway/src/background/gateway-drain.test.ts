import { setTimeout as pause } from 'node:timers/promises';
import { type Refusal, silentLogger } from '@parley/runtime';
import { until } from '@parley/testkit';
import { GatewayDrain } from './gateway-drain.js';

/** Streams that note when each of them ended. */
class TestStreams {
  readonly ends: { readonly at: number; readonly turn: number; readonly refusal: Refusal }[] = [];
  readonly openStreams: { end(refusal: Refusal): void }[] = [];
  refusesNew = false;
  /** Counts the turns of the event loop in which streams ended. */
  #turn = 0;
  #isTurn = false;

  constructor(count: number) {
    for (let at = 0; at < count; at++) this.openStreams.push({ end: (refusal) => this.#end(at, refusal) });
  }

  get turns(): number {
    return this.#turn;
  }

  refuseNew(): void {
    this.refusesNew = true;
  }

  #end(at: number, refusal: Refusal): void {
    if (!this.#isTurn) {
      this.#turn += 1;
      this.#isTurn = true;
      setImmediate(() => {
        this.#isTurn = false;
      });
    }
    this.ends.push({ at, turn: this.#turn, refusal });
  }
}

function drainOf(streams: readonly TestStreams[], sendAway = () => {}): GatewayDrain {
  return new GatewayDrain({ streams, sendAway, stopWithinMs: 0, log: silentLogger() });
}

test('ends all streams of all kinds once, in random order, in several turns, with a random delay to come back', async () => {
  const kinds = [new TestStreams(400), new TestStreams(600)] as const;
  const drain = drainOf(kinds);
  const over = drain.begin(1_000);
  expect(drain.begun).toBe(true);
  await over;
  for (const { ends, openStreams, refusesNew, turns } of kinds) {
    expect([ends.length, refusesNew]).toEqual([openStreams.length, true]);
    expect(turns).toBeGreaterThan(1);
    const order = ends.map(({ at }) => at);
    expect(order).not.toEqual(order.toSorted((a, b) => a - b));
    expect(new Set(order).size).toBe(openStreams.length);
    expect(new Set(ends.map(({ refusal }) => refusal.reason))).toEqual(new Set(['draining']));
    expect(new Set(ends.map(({ refusal }) => refusal.retryAfterMs)).size).toBeGreaterThan(100);
  }
  await drain.stop();
});

test('few streams end sooner than the deadline, and a shorter deadline hastens a drain', async () => {
  const few = new TestStreams(20);
  const drain = drainOf([few]);
  await drain.begin(Number.POSITIVE_INFINITY);
  expect(few.ends).toHaveLength(20);
  await drain.stop();
  const many = new TestStreams(50_000);
  const long = drainOf([many]);
  void long.begin(3_600_000);
  await pause(0);
  await long.stop();
  expect(many.ends).toHaveLength(50_000);
});

test('announces the end of a stream if its client can move first, and ends the stream later', async () => {
  const streams = new TestStreams(30);
  const notices: number[] = [];
  for (const stream of streams.openStreams.slice(0, 20))
    Object.assign(stream, {
      announceEnd: (inMs: number) => {
        notices.push(inMs);
        expect(streams.ends.map(({ at }) => at)).not.toContain(streams.openStreams.indexOf(stream));
      },
    });
  const drain = drainOf([streams]);
  const over = drain.begin(1_000);
  await until(() => notices.length === 20);
  for (const stream of streams.openStreams.splice(0, 10)) expect(stream).toHaveProperty('announceEnd'); // They left.
  await over;
  expect(notices.every((inMs) => inMs > 400 && inMs <= 500)).toBe(true);
  expect(streams.ends.map(({ at }) => at).toSorted((a, b) => a - b)).toEqual(
    Array.from({ length: 20 }, (_, n) => n + 10),
  );
  await drain.stop();
});

test('sends clients away from the beginning, and is not ready', async () => {
  let calls = 0;
  const drain = drainOf([], () => {
    calls += 1;
  });
  await expect(drain.checkNotBegun()).resolves.toBeUndefined();
  await drain.begin(1_000);
  await expect(drain.checkNotBegun()).rejects.toThrow('This gateway is draining.');
  await pause(0);
  expect(calls).toBe(1);
  await drain.stop();
});
