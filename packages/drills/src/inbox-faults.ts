import { performance } from 'node:perf_hooks';
import { setTimeout as pause } from 'node:timers/promises';
import type { ServiceFacts } from '@parley/cli';
import {
  type Disturbance,
  lacksNothing,
  lacksProcesses,
  lacksSuccessor,
  laterMs,
  leaseMs,
  localSystemOf,
} from './disturbance.js';
import { drainProcess } from './drain.js';
import type { DrillContext } from './drill-context.js';
import { freeze, thaw } from './freeze.js';
import { InboxLoad } from './inbox-load.js';
import { killProcess } from './kill.js';

type Fault = (context: DrillContext, victim: ServiceFacts) => Promise<unknown>;

/** Maximum interruption after a kill, in milliseconds. */
const killedMs = 6_000;
/** Maximum interruption by a drain, in milliseconds. */
const drainedMs = 1_000;
const frozenMs = 3 * leaseMs;
const servedWithinMs = 30_000;
const undisturbedMs = 5_000;

async function lacksGateways(context: DrillContext): Promise<string | undefined> {
  const missing = await lacksProcesses(context);
  if (missing !== undefined || (await localSystemOf(context).processes('gateway')).length > 1) return missing;
  return 'it needs two gateways: `npm start -- --gateways 2`';
}

const drain: Fault = drainProcess;

async function suspend(_context: DrillContext, { pid }: ServiceFacts): Promise<void> {
  freeze([pid]);
  await pause(frozenMs);
  thaw();
}

/** Returns a fault of the chat server that owns the most chats. No inbox may be disconnected. */
function ofOwner(name: string, backWithinMs: number, fault: Fault): Disturbance {
  return {
    name,
    backWithinMs,
    lacks: lacksSuccessor,
    make: async (context) => {
      const victim = await localSystemOf(context).busiestOwner(context.load.rooms.map(({ id }) => id));
      const since = performance.now();
      await fault(context, victim);
      return { since };
    },
  };
}

/**
 * Returns a fault of the gateway with the most inboxes. Only inboxes of that gateway may be
 * disconnected.
 */
function ofGateway(name: string, backWithinMs: number, fault: Fault): Disturbance {
  return {
    name,
    backWithinMs,
    lacks: lacksGateways,
    make: async (context) => {
      const { load } = context;
      const victim = await localSystemOf(context).fullestGateway();
      const since = performance.now();
      const endExcuse = load instanceof InboxLoad ? load.excuse(victim.name) : () => {};
      await fault(context, victim);
      await load.allAcked(performance.now(), servedWithinMs);
      endExcuse();
      return { since };
    },
  };
}

/** Disturbs nothing, and so measures which part of the other pauses is due to a busy machine. */
export const undisturbed: Disturbance = {
  name: 'inboxes: no fault',
  backWithinMs: Number.POSITIVE_INFINITY,
  lacks: lacksNothing,
  make: async () => {
    const since = performance.now();
    await pause(undisturbedMs);
    return { since };
  },
};
export const killedOwner = ofOwner('inboxes: kill -9 of a chat server', killedMs, killProcess);
export const drainedOwner = ofOwner('inboxes: drained chat server', drainedMs, drain);
export const frozenOwner = ofOwner('inboxes: frozen chat server for three leases', laterMs, suspend);
export const killedGateway = ofGateway('inboxes: kill -9 of a gateway', killedMs, killProcess);
export const drainedGateway = ofGateway('inboxes: drained gateway', drainedMs, drain);
