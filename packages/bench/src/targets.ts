import { freePorts, type ServiceProcess, Trio } from '@parley/testkit';
import { BenchProcess } from './child.js';
import type { BenchSeat, Job } from './load/job.js';
import { Seating } from './seating.js';
import type { BenchAudience } from './shapes.js';

/** The compared servers. */
export const targets = ['plain', 'ours', 'raw', 'ws'] as const;
export type BenchTarget = (typeof targets)[number];

/** Counts of writes and frames since the start of a server. */
export interface WriteCount {
  readonly writes: number;
  readonly frames: number;
}

/** The running servers of a target, in processes of their own. */
export interface RunningTarget {
  readonly wire: Job['wire'];
  readonly pids: readonly number[];
  /** Returns seats in new channels. */
  seat(audience: BenchAudience): Promise<readonly BenchSeat[]>;
  written(): Promise<WriteCount>;
  stop(): Promise<void>;
}

let audienceCount = 0;

/** Returns seats without tokens: the headers name the user and the channel. */
function plainSeats(address: string, { channels, users }: BenchAudience): BenchSeat[] {
  audienceCount += 1;
  return Array.from({ length: channels * users }, (_, n) => {
    const channel = Math.floor(n / users);
    const number = String(n + 1);
    const headers = {
      'bench-channel': `${audienceCount}-${channel}`,
      'bench-user': `b${audienceCount}-${n}`,
      'bench-number': number,
    };
    return { channel, address, headers };
  });
}

/** Servers of the bench itself, with their wires. */
const ownServers = { plain: 'grpc', raw: 'grpc', ws: 'ws', tcp: 'tcp', edge: 'edge' } as const;

/** Starts a server of the bench in a process of its own. */
export async function startOwnServer(server: keyof typeof ownServers): Promise<RunningTarget> {
  const child = new BenchProcess(`servers/${server}.js`);
  const { port } = await child.ask<{ port: number }>();
  return {
    wire: ownServers[server],
    pids: [child.pid],
    seat: async (audience) => plainSeats(`127.0.0.1:${port}`, audience),
    written: async () => (await child.ask<{ counted: WriteCount }>({})).counted,
    stop: () => child.stop(),
  };
}

/**
 * Settings of our services: rate limits that never apply, and only errors in the log. Everything
 * else is as deployed.
 */
const benchSettings = { PARLEY_SENDER_RATE: '1000000', PARLEY_CHANNEL_RATE: '1000000', PARLEY_LOG_LEVEL: 'error' };

function readCounter(metrics: string, name: string): number {
  return Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(metrics)?.[1]);
}

async function readWritten({ admin }: ServiceProcess): Promise<WriteCount> {
  const metrics = await (await fetch(`http://${admin}/metrics`)).text();
  return {
    writes: readCounter(metrics, 'parley_writes_total'),
    frames: readCounter(metrics, 'parley_deliveries_total'),
  };
}

/** Starts a system with several chat servers. */
export async function startOurs(chatServers: number): Promise<RunningTarget> {
  const trio = await Trio.start({ chatServers: 0, env: benchSettings });
  for (let n = 0; n < chatServers; n++) await trio.addChatServer({ PARLEY_ADMIN_PORT: String(await freePorts(1)) });
  const seating = await Seating.open(trio);
  return {
    wire: 'grpc',
    pids: trio.chatServers.map(({ pid }) => pid),
    seat: (audience) => seating.seat(audience),
    async written() {
      const all = await Promise.all(trio.chatServers.map(readWritten));
      return all.reduce((sum, one) => ({ writes: sum.writes + one.writes, frames: sum.frames + one.frames }));
    },
    async stop() {
      await seating.close();
      await trio.stop();
    },
  };
}

/** Starts the server of a target. */
export function startTarget(target: BenchTarget): Promise<RunningTarget> {
  return target === 'ours' ? startOurs(1) : startOwnServer(target);
}
