import { runBench } from '../src/bench.js';
import { climb } from '../src/ladder.js';
import { heads, legend, tableRows } from '../src/report.js';
import type { BenchRound } from '../src/rounds.js';
import { rungs, startOurs } from '../src/rungs.js';

const plan = { rungs, pairs: 1, seconds: 0.5, warmUps: 0, say: () => {} };
const few = { says: 'few', channels: 2, users: 3, figure: 'deliveries per CPU-second' } as const;

function check(rounds: ReadonlyMap<string, readonly BenchRound[]>, names: readonly string[]): void {
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
    const rounds = climbed[0]?.rounds ?? new Map<string, BenchRound[]>();
    check(rounds, ['1 server', '2 servers', '4 servers']);
    const [one = 0, two = 0, four = 0] = [...rounds.values()].map(([round]) => round?.value);
    const ratios = tableRows(climbed).map((cells) => cells[heads.indexOf('ratio')]);
    expect(ratios).toEqual(['', (two / one).toFixed(2), (four / one).toFixed(2)]);
    expect(legend(climbed)).toContain('ratio: this / 1 server');
  }, 120_000);

  test('channels are spread over all chat servers', async () => {
    const system = await startOurs(2);
    const seats = await system.seat({ channels: 4, users: 2 });
    await system.stop();
    const [a, , b] = seats.map(({ address }) => address);
    expect(a).not.toBe(b);
    expect(seats.map(({ channel, address }) => [channel, address])).toEqual(
      [a, a, b, b, a, a, b, b].map((address, at) => [Math.floor(at / 2), address]),
    );
  }, 60_000);
});
