import { runBench } from '../src/bench.js';
import { climb, type Round } from '../src/ladder.js';
import { heads, legend, tableRows } from '../src/report.js';
import { rungs } from '../src/rungs.js';

const plan = { rungs, pairs: 1, seconds: 0.5, say: () => {} };
const few = { says: 'few', channels: 2, users: 3, figure: 'deliveries per CPU-second' } as const;

function check(rounds: ReadonlyMap<string, readonly Round[]>, names: readonly string[]): void {
  expect([...rounds.keys()]).toEqual(names);
  for (const [round] of rounds.values()) {
    expect(round?.faults.filter((fault) => !fault.startsWith('the generator took'))).toEqual([]);
    expect(round?.value).toBeGreaterThan(0);
  }
}

describe('the bench, without looking at speed', () => {
  test('every rung delivers everything, in order, to everybody', async () => {
    const { rounds } = await climb('hot', { ...few, window: 8 }, plan);
    check(rounds, ['plain', 'ours', 'raw', 'ws']);
  }, 60_000);

  test('streams share connections', async () => {
    const { rounds } = await climb('shared', { ...few, window: 8, connections: 1 }, plan);
    check(rounds, ['plain', 'ours', 'raw']);
  }, 60_000);

  test('a large channel is a group, and an echo of a kept message is behind its commit', async () => {
    const giant = await climb('giant', { ...few, channels: 1, users: 30, perSecond: 50 }, { ...plan, rungs: ['ours'] });
    check(giant.rounds, ['ours']);
    const [ack] = await runBench(['ack'], plan);
    check(ack?.rounds ?? new Map(), ['ours']);
  }, 60_000);

  test('the others hear everything beside one who never reads', async () => {
    const [dead] = await runBench(['dead'], plan);
    check(dead?.rounds ?? new Map(), ['all read', 'ours']);
  }, 60_000);

  test('who comes back hears everything that was missed, in order', async () => {
    const [replay] = await runBench(['replay'], plan);
    check(replay?.rounds ?? new Map(), ['ours']);
  }, 60_000);

  test('what the chat server appends with is compared with a bare insert', async () => {
    const [append] = await runBench(['append'], plan);
    check(append?.rounds ?? new Map(), ['bare', 'ours']);
  }, 60_000);

  test('the same work on several chat servers, each compared with one', async () => {
    const climbed = await runBench(['servers'], plan);
    check(climbed[0]?.rounds ?? new Map(), ['1 server', '2 servers', '4 servers']);
    const ratio = heads.indexOf('ratio');
    const [one, two, four] = tableRows(climbed).map((cells) => cells[ratio]);
    expect(one).toBe('');
    for (const beside of [two, four]) expect(Number(beside)).toBeGreaterThan(0);
    expect(legend(climbed)).toContain('ratio: this / 1 server');
  }, 120_000);
});
