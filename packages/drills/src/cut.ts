import { performance } from 'node:perf_hooks';
import { setTimeout as pause } from 'node:timers/promises';
import {
  type Disturbance,
  type DisturbanceResult,
  lacksProcesses,
  lacksSuccessor,
  laterMs,
  leaseMs,
  localSystemOf,
  unnoticedMs,
} from './disturbance.js';
import type { DrillContext } from './drill-context.js';
import { freeze, thaw } from './freeze.js';

const cutMs = 3 * leaseMs;

/**
 * Cuts an owning server off for at least three leases, so that another server replaces it.
 * `reconnect` ends the cut.
 */
async function replaced(
  context: DrillContext,
  addr: string,
  cutOff: () => void,
  reconnect: () => void,
): Promise<DisturbanceResult> {
  const { takeover } = context;
  await takeover.enter({ addr, place: (channelId) => localSystemOf(context).place([channelId], addr, 0) });
  const cut = performance.now();
  cutOff();
  await pause(leaseMs + 500);
  const complaints = await takeover.replace();
  await pause(Math.max(0, cut + cutMs - performance.now()));
  reconnect();
  const since = performance.now();
  return { since, complaints: [...complaints, ...(await takeover.end(since))] };
}

/** Freezes the owning server of the channels for three leases. */
export const pausedServer: Disturbance = {
  name: 'frozen chat server for three leases',
  owner: 'chat server',
  backWithinMs: laterMs,
  lacks: lacksSuccessor,
  make: (context, owner) => replaced(context, owner.address, () => freeze([owner.pid]), thaw),
};

/**
 * Cuts a chat server off from the database. Data that is sent meanwhile arrives after the cut, as
 * if TCP had retransmitted it. The server remains the owning server of its channels, because
 * managers still accept its reports.
 */
export const cutFromDatabase: Disturbance = {
  name: 'black hole between a chat server and the database',
  owner: 'extra server',
  backWithinMs: laterMs,
  lacks: lacksProcesses,
  make: async (context) => {
    const { database } = await context.extraServer();
    database.set({ hole: true });
    await pause(cutMs);
    database.heal();
    return { since: performance.now() };
  },
};

/**
 * Returns a disturbance that cuts a chat server off from everything except its users. With
 * `isReset`, the cut connections are reset when the cut ends.
 */
function isolated(name: string, isReset: boolean): Disturbance {
  return {
    name,
    owner: 'extra server',
    backWithinMs: laterMs,
    lacks: lacksProcesses,
    make: async (context) => {
      const { grpc, database, managers } = await context.extraServer();
      const proxies = [database, ...managers];
      const cutOff = () => {
        for (const one of proxies) one.set({ hole: true });
      };
      const reconnect = () => {
        for (const one of proxies) {
          if (isReset) one.reset();
          one.heal();
        }
      };
      return replaced(context, grpc, cutOff, reconnect);
    },
  };
}

export const isolatedThenLate = isolated('black hole around a chat server', false);
export const isolatedThenReset = isolated('black hole around a chat server, then connection resets', true);

/**
 * Makes a cut that connected users should not notice. Their time without an ack is therefore
 * measured from the start of the cut.
 */
async function cutUnnoticed(cutOff: () => void, reconnect: () => void): Promise<DisturbanceResult> {
  const since = performance.now();
  cutOff();
  await pause(cutMs);
  reconnect();
  return { since };
}

/** Cuts a chat server off from the managers. Its users should not notice. */
export const cutFromManagers: Disturbance = {
  name: 'black hole between a chat server and the managers',
  owner: 'extra server',
  backWithinMs: unnoticedMs,
  lacks: lacksProcesses,
  make: async (context) => {
    const { managers } = await context.extraServer();
    const set = (hole: boolean) => {
      for (const proxy of managers) proxy.set({ hole });
    };
    return cutUnnoticed(
      () => set(true),
      () => set(false),
    );
  },
};

/** Freezes all managers. They then accept connections but never respond, like a black hole. */
export const hungManagers: Disturbance = {
  name: 'black hole of all managers',
  backWithinMs: unnoticedMs,
  lacks: lacksProcesses,
  make: async (context) => {
    const managers = await localSystemOf(context).processes('channel-service');
    return cutUnnoticed(() => freeze(managers.map(({ pid }) => pid)), thaw);
  },
};
