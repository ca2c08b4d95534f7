import { Lifecycle, repeat } from './lifecycle.js';
import { silentLogger } from './log.js';

const { jest } = import.meta;
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

test('stops parts once, in reverse order, even if one fails', async () => {
  const stopped: string[] = [];
  const parts = new Lifecycle(silentLogger());
  for (const name of ['a', 'b', 'c']) {
    parts.add(name, {
      stop() {
        stopped.push(name);
        if (name === 'b') throw new Error('no');
      },
    });
  }
  await Promise.all([parts.stop(), parts.stop()]);
  expect(stopped).toEqual(['c', 'b', 'a']);
});

test('repeat() reports failed calls and continues, one call at a time, until it is stopped', async () => {
  let turns = 0;
  let running = 0;
  let most = 0;
  const failures: unknown[] = [];
  const work = async () => {
    most = Math.max(most, ++running);
    await pause(15);
    running--;
    turns++;
    throw new Error('again');
  };
  const part = repeat(5, 0.5, work, (cause) => failures.push(cause));
  while (turns < 3) await pause(5);
  await part.stop();
  expect(running).toBe(0);
  const after = turns;
  expect(after).toBeGreaterThan(2);
  expect([failures.length, most]).toEqual([after, 1]);
  await pause(40);
  expect(turns).toBe(after);
});

/** Repeats `work` for five seconds of a fake clock. Returns the times between its starts. */
async function gapsOf(everyMs: number, jitter: number, work: (start: number) => Promise<unknown>): Promise<number[]> {
  jest.useFakeTimers();
  const starts: number[] = [];
  const part = repeat(
    everyMs,
    jitter,
    async () => void (await work(starts.push(performance.now()))),
    () => {},
  );
  await jest.advanceTimersByTimeAsync(5_000);
  jest.useRealTimers();
  void part.stop();
  return starts.slice(1).map((at, index) => at - Number(starts[index]));
}

test('repeat() measures the interval from start to start, and pauses for a minimum time after slow work', async () => {
  const gaps = await gapsOf(600, 0, (start) => pause(start === 1 ? 400 : 900));
  expect(gaps.slice(0, 2)).toEqual([600, 900 + 150]); // a quarter of the interval after the slow work
});

test('repeat() varies the interval by the jitter', async () => {
  const gaps = await gapsOf(40, 0.5, async () => {});
  expect(Math.min(...gaps)).toBeGreaterThan(18);
  expect(Math.max(...gaps)).toBeLessThan(62);
  expect(Math.max(...gaps) - Math.min(...gaps)).toBeGreaterThan(8);
});
