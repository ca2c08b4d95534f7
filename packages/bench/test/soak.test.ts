import { runSoak } from '../src/soak.js';

test('users come, talk, are added and removed, and resume, and the memory does not grow by half in half a minute', async () => {
  const lines: string[] = [];
  const isFlat = await runSoak({ minutes: 0.5, people: 24, tolerance: 1.5, log: (line) => lines.push(line) });
  expect({ isFlat, failed: lines.filter((line) => /FAILED|GREW/.test(line)) }).toEqual({ isFlat: true, failed: [] });
});
