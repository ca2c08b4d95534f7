import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { Trio } from '@parley/testkit';
import { Child } from './child.js';
import type { Job, Seat } from './load/job.js';
import { Seating } from './seating.js';
import type { Crowd } from './shapes.js';

export const rungs = ['plain', 'ours', 'raw', 'ws'] as const;
export type Rung = (typeof rungs)[number];

/** What a server has written since it started. */
export interface Written {
  readonly writes: number;
  readonly frames: number;
}

/** A rung's server, in a process of its own. */
export interface RunningRung {
  readonly wire: Job['wire'];
  readonly address: string;
  readonly pid: number;
  /** Seats in channels that are new. */
  seat(crowd: Crowd): Promise<readonly Seat[]>;
  written(): Promise<Written>;
  stop(): Promise<void>;
}

let crowds = 0;

/** Nobody is verified here: who it is and where is said in headers. */
function plainSeats({ channels, users }: Crowd): Seat[] {
  crowds += 1;
  return Array.from({ length: channels * users }, (_, n) => {
    const channel = Math.floor(n / users);
    const number = String(n + 1);
    const headers = {
      'bench-channel': `${crowds}-${channel}`,
      'bench-user': `b${crowds}-${n}`,
      'bench-number': number,
    };
    return { channel, headers };
  });
}

async function startOwnServer(rung: Exclude<Rung, 'ours'>): Promise<RunningRung> {
  const child = new Child(`servers/${rung}.js`);
  const { port } = await child.ask<{ port: number }>();
  return {
    wire: rung === 'ws' ? 'ws' : 'grpc',
    address: `127.0.0.1:${port}`,
    pid: child.pid,
    seat: async (crowd) => plainSeats(crowd),
    written: async () => (await child.ask<{ counted: Written }>({})).counted,
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

async function startOurs(): Promise<RunningRung> {
  const trio = await Trio.start({ chatServers: 0, env: benchSettings });
  const server = await trio.addChatServer({ PARLEY_ADMIN_PORT: String(await freePort()) });
  const seating = await Seating.open(trio);
  return {
    wire: 'grpc',
    address: server.grpc,
    pid: server.pid,
    seat: (crowd) => seating.seat(crowd),
    async written() {
      const metrics = await (await fetch(`http://${server.admin}/metrics`)).text();
      const [writes, frames] = ['parley_writes_total', 'parley_deliveries_total'].map((name) =>
        readCounter(metrics, name),
      );
      return { writes: writes ?? 0, frames: frames ?? 0 };
    },
    async stop() {
      await seating.close();
      await trio.stop();
    },
  };
}

/** Starts the server of a rung; it listens. */
export function startRung(rung: Rung): Promise<RunningRung> {
  return rung === 'ours' ? startOurs() : startOwnServer(rung);
}
