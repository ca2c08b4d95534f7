import { performance } from 'node:perf_hooks';
import { setTimeout as pause } from 'node:timers/promises';
import { freeze, thaw } from './freeze.js';
import type { DrillStage } from './stage.js';
import {
  type Disturbance,
  type DisturbanceResult,
  here,
  lacksProcesses,
  lacksSuccessor,
  laterMs,
  leaseMs,
  unnoticedMs,
} from './trouble.js';

const cutMs = 3 * leaseMs;

/** Cuts an owner off for at least three leases, in which it is replaced; `giveBack` lets it know. */
async function replaced(
  stage: DrillStage,
  addr: string,
  cutOff: () => void,
  giveBack: () => void,
): Promise<DisturbanceResult> {
  const { takeover } = stage;
  await takeover.enter({ addr, place: (channelId) => here(stage).place([channelId], addr, 0) });
  const cut = performance.now();
  cutOff();
  await pause(leaseMs + 500);
  const complaints = await takeover.happen();
  await pause(Math.max(0, cut + cutMs - performance.now()));
  giveBack();
  const since = performance.now();
  return { since, complaints: [...complaints, ...(await takeover.end(since))] };
}

export const pausedServer: Disturbance = {
  name: 'a chat server sleeps for three leases',
  owner: 'chat server',
  backWithinMs: laterMs,
  lacks: lacksSuccessor,
  make: (stage, owner) => replaced(stage, owner.address, () => freeze([owner.pid]), thaw),
};

/** What was on its way arrives late, as TCP would send it again. As long as managers take its reports it stays the owner. */
export const cutFromDatabase: Disturbance = {
  name: 'black hole between a chat server and the database',
  owner: 'guest',
  backWithinMs: laterMs,
  lacks: lacksProcesses,
  make: async (stage) => {
    const { database } = await stage.guest();
    database.set({ hole: true });
    await pause(cutMs);
    database.heal();
    return { since: performance.now() };
  },
};

/** Only its people still reach it. */
function alone(name: string, isReset: boolean): Disturbance {
  return {
    name,
    owner: 'guest',
    backWithinMs: laterMs,
    lacks: lacksProcesses,
    make: async (stage) => {
      const { grpc, database, managers } = await stage.guest();
      const proxies = [database, ...managers];
      const cutOff = () => {
        for (const one of proxies) one.set({ hole: true });
      };
      const giveBack = () => {
        for (const one of proxies) {
          if (isReset) one.reset();
          one.heal();
        }
      };
      return replaced(stage, grpc, cutOff, giveBack);
    },
  };
}

export const aloneThenLate = alone('black hole around a chat server', false);
export const aloneThenReset = alone('the same, and then its connections are reset', true);

/** Nobody who has a seat should notice, so silence counts from the beginning. */
async function unnoticed(cutOff: () => void, giveBack: () => void): Promise<DisturbanceResult> {
  const since = performance.now();
  cutOff();
  await pause(cutMs);
  giveBack();
  return { since };
}

export const cutFromManagers: Disturbance = {
  name: 'black hole between a chat server and the managers',
  owner: 'guest',
  backWithinMs: unnoticedMs,
  lacks: lacksProcesses,
  make: async (stage) => {
    const { managers } = await stage.guest();
    const set = (hole: boolean) => {
      for (const proxy of managers) proxy.set({ hole });
    };
    return unnoticed(
      () => set(true),
      () => set(false),
    );
  },
};

/** Who sleeps takes connections and answers nobody: a black hole for everybody. */
export const holeOfManagers: Disturbance = {
  name: 'black hole of all managers',
  backWithinMs: unnoticedMs,
  lacks: lacksProcesses,
  make: async (stage) => {
    const managers = await here(stage).processes('channel-service');
    return unnoticed(() => freeze(managers.map(({ pid }) => pid)), thaw);
  },
};
