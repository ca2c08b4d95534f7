import { playPublicChat } from './readers.js';
import { type BenchRound, playInTurn, roundOf } from './rounds.js';
import type { SuitePlan, SuiteResult } from './suite.js';

/** Numbers of gateways that are compared. */
const edgeCounts = [1, 2, 4];
const perSecond = 20;

/** Readers of the public chat, over all gateways. */
export interface EdgeReaders {
  readonly readers: number;
}

interface EdgeRound extends BenchRound {
  /** CPU of the chat server per message, in microseconds. */
  readonly ownerMicros: number;
}

async function playEdges(gateways: number, readers: number, seconds: number): Promise<EdgeRound> {
  const cost = await playPublicChat({ gateways, readers, door: 'ws', perSecond, seconds });
  return { ...roundOf(cost.deliveries / cost.gatewaySeconds, cost.faults), ownerMicros: cost.ownerMicros };
}

function describe({ value, ownerMicros, faults }: BenchRound & Partial<EdgeRound>): string {
  return [`${value.toPrecision(4)} deliveries, chat server ${ownerMicros?.toFixed(0)} us per message`, ...faults].join(
    '; ',
  );
}

/** Measures a public chat whose readers are spread over 1, 2 and 4 gateways. */
export async function benchEdges({ pairs, seconds, readers, log }: SuitePlan & EdgeReaders): Promise<SuiteResult> {
  const players = new Map(edgeCounts.map((edges) => [`${edges} gateways`, () => playEdges(edges, readers, seconds)]));
  const rounds = await playInTurn(players, { name: 'edges', pairs: Math.min(pairs, 3), warmUps: 0, log, describe });
  const description = `a public chat with ${readers} readers on WebSockets, ${perSecond} msg/s`;
  return {
    shape: 'edges',
    description,
    figure: 'deliveries per CPU-second of the gateways',
    lowerIsBetter: false,
    rounds,
    base: '2 gateways',
  };
}
