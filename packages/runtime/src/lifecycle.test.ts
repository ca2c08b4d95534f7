import { Lifecycle, repeat } from './lifecycle.js';
import { silentLogger } from './log.js';

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
  await pause(120);
  await part.stop();
  expect(running).toBe(0);
  const after = turns;
  expect(after).toBeGreaterThan(2);
  expect([failures.length, most]).toEqual([after, 1]);
  await pause(40);
  expect(turns).toBe(after);
});

test('repeat() measures the interval from start to start, and pauses for a minimum time after slow work', async () => {
  const starts: number[] = [];
  const part = repeat(
    600,
    0,
    async () => {
      starts.push(performance.now());
      await pause(starts.length === 1 ? 500 : 900);
    },
    () => {},
  );
  while (starts.length < 3) await pause(20);
  await part.stop();
  const gaps = starts.slice(1).map((at, index) => at - Number(starts[index]));
  expect(gaps[0]).toBeGreaterThan(595);
  expect(gaps[0]).toBeLessThan(1_050); // If the gap were measured from end to start, it would be 1,100.
  expect(gaps[1]).toBeGreaterThan(945);
});

test('repeat() varies the interval by the jitter', async () => {
  const starts: number[] = [];
  const part = repeat(
    40,
    0.5,
    async () => void starts.push(performance.now()),
    () => {},
  );
  await pause(900);
  await part.stop();
  const gaps = starts.slice(1).map((at, index) => at - Number(starts[index]));
  expect(Math.min(...gaps)).toBeGreaterThan(18);
  expect(Math.max(...gaps) - Math.min(...gaps)).toBeGreaterThan(8);
});
