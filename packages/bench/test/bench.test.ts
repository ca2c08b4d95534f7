import { runBench } from '../src/bench.js';
import { heads, legend, tableRows } from '../src/report.js';
import type { BenchRound } from '../src/rounds.js';
import { runShape } from '../src/suite.js';
import { startOurs, targets } from '../src/targets.js';

/** `TEST_BENCH=all npm test -- bench/dist/test/bench` is the long form, with every shape. */
const hasEveryShape = process.env.TEST_BENCH === 'all';

const plan = {
  targets,
  pairs: 1,
  seconds: 0.25,
  warmUps: 0,
  rows: 40_000,
  inboxes: 20,
  stillMs: 0,
  readers: 12,
  people: 40,
  log: () => {},
};
const few = { description: 'few', channels: 2, users: 3, figure: 'deliveries per CPU-second' } as const;

/** Faults of a busy machine, which a test must tolerate. */
const busy = /^(the generator took|callers fell behind)/;

function check(rounds: ReadonlyMap<string, readonly BenchRound[]>, names: readonly string[]): void {
  expect([...rounds.keys()]).toEqual(names);
  for (const [round] of rounds.values()) {
    expect(round?.faults.filter((fault) => !busy.test(fault))).toEqual([]);
    expect(round?.value).toBeGreaterThan(0);
  }
}

describe('bench', () => {
  test('every target delivers everything in order to everyone', async () => {
    const { rounds } = await runShape('hot', { ...few, window: 8 }, plan);
    check(rounds, ['plain', 'ours', 'raw', 'ws']);
  });

  test('the WebSockets of the gateway deliver what plain TCP and ws deliver', async () => {
    const [edge] = await runBench(['edge-hot'], plan);
    check(edge?.rounds ?? new Map(), ['tcp', 'ours', 'ws']);
  });

  test('a large channel is a group, and the echo of a stored message follows its commit', async () => {
    const giant = await runShape(
      'giant',
      { ...few, channels: 1, users: 30, perSecond: 50 },
      { ...plan, targets: ['ours'] },
    );
    check(giant.rounds, ['ours']);
    const [ack] = await runBench(['ack'], plan);
    check(ack?.rounds ?? new Map(), ['ours']);
  });

  test('a resuming reader receives all missed entries in order', async () => {
    const [replay] = await runBench(['replay'], plan);
    check(replay?.rounds ?? new Map(), ['ours']);
  });

  test('compares the append of the chat server with a bare insert', async () => {
    const [append] = await runBench(['append'], plan);
    check(append?.rounds ?? new Map(), ['bare', 'ours']);
  });

  test('when many people come back at once, no statement runs for each person and channel, and everyone gets an inbox and an Overview', async () => {
    const [resumes] = await runBench(['resumes'], plan);
    check(resumes?.rounds ?? new Map(), ['resume', 'Overview']);
  });

  test('channels are spread over all chat servers', async () => {
    const system = await startOurs(2);
    const seats = await system.seat({ channels: 4, users: 2 });
    await system.stop();
    const [a, , b] = seats.map(({ address }) => address);
    expect(a).not.toBe(b);
    expect(seats.map(({ channel, address }) => [channel, address])).toEqual(
      [a, a, b, b, a, a, b, b].map((address, at) => [Math.floor(at / 2), address]),
    );
  });

  if (hasEveryShape) {
    test('the streams of the shape "shared" share connections', async () => {
      const { rounds } = await runShape('shared', { ...few, window: 8, connections: 1 }, plan);
      check(rounds, ['plain', 'ours', 'raw']);
    });

    test('other readers receive everything despite a stalled reader', async () => {
      const [dead] = await runBench(['dead'], plan);
      check(dead?.rounds ?? new Map(), ['all read', 'ours']);
    });

    test('compares Overview and receipts with bare statements', async () => {
      const [inbox] = await runBench(['inbox'], plan);
      expect(inbox?.rounds.size).toBe(5);
      check(inbox?.rounds ?? new Map(), [...(inbox?.rounds.keys() ?? [])]);
    });

    test('compares searches with a page of History', async () => {
      const [search] = await runBench(['search'], plan);
      expect(search?.rounds.size).toBe(9);
      check(search?.rounds ?? new Map(), [...(search?.rounds.keys() ?? [])]);
    });

    test('compares several chat servers with one', async () => {
      const results = await runBench(['servers'], plan);
      const rounds = results[0]?.rounds ?? new Map<string, BenchRound[]>();
      check(rounds, ['1 server', '2 servers', '4 servers']);
      const [one = 0, two = 0, four = 0] = [...rounds.values()].map(([round]) => round?.value);
      const ratios = tableRows(results).map((cells) => cells[heads.indexOf('ratio')]);
      expect(ratios).toEqual(['', (two / one).toFixed(2), (four / one).toFixed(2)]);
      expect(legend(results)).toContain('ratio: this / 1 server');
    });

    test('measures the memory of idle inboxes over WebSocket and gRPC', async () => {
      const [inboxes] = await runBench(['inboxes'], plan);
      expect([...(inboxes?.rounds.keys() ?? [])]).toEqual(['ws', 'grpc']);
      for (const [round] of inboxes?.rounds.values() ?? []) {
        expect(round?.faults).toEqual([]);
        expect(round?.value).not.toBeNaN(); // So few inboxes may take less memory than the warm-up has freed.
      }
    });

    test('readers of a public chat are spread over gateways, and receive everything', async () => {
      const [edges] = await runBench(['edges'], plan);
      check(edges?.rounds ?? new Map(), ['1 gateways', '2 gateways', '4 gateways']);
    });

    test('compares server-sent events with WebSockets, and posts over REST with gRPC', async () => {
      const [sse, rest] = await runBench(['sse', 'rest'], plan);
      check(sse?.rounds ?? new Map(), ['WebSocket', 'SSE']);
      check(rest?.rounds ?? new Map(), ['InboxService.Post', 'REST']);
    });
  }
});
