import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { type ServiceProcess, Trio } from '@parley/testkit';
import { BenchProcess } from './child.js';
import type { BenchSeat, Job } from './load/job.js';
import { Seating } from './seating.js';
import type { BenchCrowd } from './shapes.js';

export const rungs = ['plain', 'ours', 'raw', 'ws'] as const;
export type BenchTarget = (typeof rungs)[number];

/** What a server has written since it started. */
export interface WriteCount {
  readonly writes: number;
  readonly frames: number;
}

/** A rung's servers, in processes of their own. */
export interface RunningTarget {
  readonly wire: Job['wire'];
  readonly pids: readonly number[];
  /** Seats in channels that are new. */
  seat(crowd: BenchCrowd): Promise<readonly BenchSeat[]>;
  written(): Promise<WriteCount>;
  stop(): Promise<void>;
}

let crowds = 0;

/** Nobody is verified here: who it is and where is said in headers. */
function plainSeats(address: string, { channels, users }: BenchCrowd): BenchSeat[] {
  crowds += 1;
  return Array.from({ length: channels * users }, (_, n) => {
    const channel = Math.floor(n / users);
    const number = String(n + 1);
    const headers = {
      'bench-channel': `${crowds}-${channel}`,
      'bench-user': `b${crowds}-${n}`,
      'bench-number': number,
    };
    return { channel, address, headers };
  });
}

async function startOwnServer(rung: Exclude<BenchTarget, 'ours'>): Promise<RunningTarget> {
  const child = new BenchProcess(`servers/${rung}.js`);
  const { port } = await child.ask<{ port: number }>();
  return {
    wire: rung === 'ws' ? 'ws' : 'grpc',
    pids: [child.pid],
    seat: async (crowd) => plainSeats(`127.0.0.1:${port}`, crowd),
    written: async () => (await child.ask<{ counted: WriteCount }>({})).counted,
    stop: () => child.stop(),
  };
}

/** Rates so high that they never bind, and a log of errors only; all else is as deployed. */
const benchSettings = { PARLEY_SENDER_RATE: '1000000', PARLEY_CHANNEL_RATE: '1000000', PARLEY_LOG_LEVEL: 'error' };

function readCounter(metrics: string, name: string): number {
  return Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(metrics)?.[1]);
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, 'close');
  return port;
}

async function readWritten({ admin }: ServiceProcess): Promise<WriteCount> {
  const metrics = await (await fetch(`http://${admin}/metrics`)).text();
  return {
    writes: readCounter(metrics, 'parley_writes_total'),
    frames: readCounter(metrics, 'parley_deliveries_total'),
  };
}

/** Chat servers that share what there is; they listen. */
export async function startOurs(chatServers: number): Promise<RunningTarget> {
  const trio = await Trio.start({ chatServers: 0, env: benchSettings });
  for (let n = 0; n < chatServers; n++) await trio.addChatServer({ PARLEY_ADMIN_PORT: String(await freePort()) });
  const seating = await Seating.open(trio);
  return {
    wire: 'grpc',
    pids: trio.chatServers.map(({ pid }) => pid),
    seat: (crowd) => seating.seat(crowd),
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

/** Starts the server of a rung; it listens. */
export function startRung(rung: BenchTarget): Promise<RunningTarget> {
  return rung === 'ours' ? startOurs(1) : startOwnServer(rung);
}
