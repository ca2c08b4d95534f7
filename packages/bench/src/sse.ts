import type { EdgeReaders } from './edges.js';
import { playPublicChat } from './readers.js';
import { formatRound, playInTurn, roundOf } from './rounds.js';
import type { SuitePlan, SuiteResult } from './suite.js';

/** Maximum deliveries and messages per second, so that each message is written on its own. */
const [deliveriesPerSecond, messagesPerSecond] = [20_000, 20];
const base = 'WebSocket';
const doors = { [base]: 'ws', SSE: 'sse' } as const;

/** Compares server-sent events with WebSockets: a public chat whose readers are all at one gateway. */
export async function benchSse({ pairs, seconds, readers, log }: SuitePlan & EdgeReaders): Promise<SuiteResult> {
  const perSecond = Math.min(messagesPerSecond, Math.max(1, Math.round(deliveriesPerSecond / readers)));
  const play = (door: 'ws' | 'sse') => async () => {
    const cost = await playPublicChat({ gateways: 1, readers, door, perSecond, seconds });
    return roundOf((cost.gatewaySeconds * 1e6) / cost.deliveries, cost.faults);
  };
  const players = new Map(Object.entries(doors).map(([name, door]) => [name, play(door)]));
  const describe = formatRound('us per delivery', 2);
  const rounds = await playInTurn(players, { name: 'sse', pairs, warmUps: 0, log, describe });
  const description = `a public chat with ${readers} readers at one gateway, ${perSecond} msg/s`;
  const figure = 'CPU of the gateway per delivery in microseconds';
  return { shape: 'sse', description, figure, lowerIsBetter: true, rounds, base };
}
