import { performance } from 'node:perf_hooks';
import { setTimeout as pause } from 'node:timers/promises';
import { createPool, declarePromoted } from '@parley/database';
import { type Disturbance, laterMs, localSystemOf } from './disturbance.js';
import type { DrillContext } from './drill-context.js';
import { LossyLoad } from './lossy-load.js';
import type { PostgresPair } from './postgres-pair.js';
import type { PostgresServer } from './postgres-server.js';

const someAcks = 20;

async function lacksPair({ system }: DrillContext): Promise<string | undefined> {
  return system.local?.pair === undefined ? 'it needs a PostgreSQL of the drill with a standby' : undefined;
}

function pairOf(context: DrillContext): PostgresPair {
  const { pair } = localSystemOf(context);
  if (pair === undefined) throw new Error('This drill needs a PostgreSQL of its own.');
  return pair;
}

/** Waits until some more messages are acknowledged. */
async function ackedSince({ load }: DrillContext, since: number): Promise<void> {
  const acked = () => load.talkers.reduce((n, one) => n + one.ackedAt.filter((at) => at > since).length, 0);
  while (acked() < someAcks) await pause(10);
}

/** Tells Parley that a promoted standby lacks nothing, as `parley admin promoted` does. */
async function declare({ url }: PostgresServer): Promise<void> {
  const pool = createPool({ url, applicationName: 'drill', max: 1, connectWithinMs: 30_000 });
  const found = await declarePromoted(pool).finally(() => pool.end());
  if (found !== 'noted') throw new Error(`The promotion is not noted: ${found}.`);
}

/** Kills a primary whose commits wait for the standby, promotes the standby, and moves the address to it. */
export const synchronousFailover: Disturbance = {
  name: 'failover to a synchronous standby',
  backWithinMs: laterMs,
  lacks: lacksPair,
  make: async (context) => {
    const pair = pairOf(context);
    await pair.addStandby('synchronous');
    const since = performance.now();
    await pair.failOver();
    await declare(pair.primary);
    pair.moveAddress();
    return { since };
  },
};

/**
 * Lets messages be acknowledged that the standby does not have, and then does the same. `told` is
 * called before the address moves.
 */
function asynchronous(name: string, told: (promoted: PostgresServer) => Promise<void>): Disturbance {
  return {
    name,
    backWithinMs: laterMs,
    lacks: lacksPair,
    make: async (context) => {
      const [pair, { load }] = [pairOf(context), context];
      await pair.addStandby('asynchronous');
      const lossBegins = performance.now();
      await pair.stopReplication();
      const stopped = performance.now();
      await ackedSince(context, stopped);
      const since = performance.now();
      await pair.failOver();
      await told(pair.primary);
      pair.moveAddress();
      if (load instanceof LossyLoad) load.allowLoss(lossBegins, performance.now());
      return { since, notes: [`the standby lacked the last ${Math.round(since - stopped)} ms`] };
    },
  };
}

export const asynchronousFailover = asynchronous('failover to an asynchronous standby that lags', async () => {});

/** Recovers the database to a time in the past, from a base backup and the archive of WAL. */
export const recovery: Disturbance = {
  name: 'point-in-time recovery',
  backWithinMs: Number.POSITIVE_INFINITY, // It takes as long as the recovery of PostgreSQL.
  lacks: lacksPair,
  make: async (context) => {
    const [pair, { load }] = [pairOf(context), context];
    let lossBegins = 0;
    await pair.recoverTo(async () => {
      await ackedSince(context, performance.now());
      lossBegins = performance.now();
      const [row] = await pair.primary.query('SELECT clock_timestamp()::text AS time');
      await ackedSince(context, performance.now());
      return String(row?.time);
    });
    const since = performance.now();
    pair.moveAddress();
    if (load instanceof LossyLoad) load.allowLoss(lossBegins, since);
    return { since };
  },
};

/** Says that nothing was lost, although something was. A test checks that the drill notices. */
export const wrongFailover = asynchronous('failover with a wrong `parley admin promoted`', declare);
