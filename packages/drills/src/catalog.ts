import { hungDatabase, stoppedDatabase } from './away.js';
import {
  cutFromDatabase,
  cutFromManagers,
  hungManagers,
  isolatedThenLate,
  isolatedThenReset,
  pausedServer,
} from './cut.js';
import type { Disturbance } from './disturbance.js';
import { drained } from './drain.js';
import { asynchronousFailover, recovery, synchronousFailover } from './failover.js';
import { drainedGateway, drainedOwner, frozenOwner, killedGateway, killedOwner, undisturbed } from './inbox-faults.js';
import { InboxLoad } from './inbox-load.js';
import { killChatServer, killDatabase, killManager, restartDatabase } from './kill.js';
import type { DrillLoad } from './load.js';
import { LossyLoad } from './lossy-load.js';
import { restoredFrom } from './restore.js';
import { resetConnections, slowClients, slowDatabase } from './slow.js';
import { watched } from './watch.js';

/** A drill: its description and its disturbances. */
export interface CatalogEntry {
  readonly description: string;
  /** Disturbances of the drill, in the order in which they are made. */
  readonly disturbances: readonly Disturbance[];
  /** Creates the users. Default: users with streams at chat servers. */
  readonly load?: (rate: number) => DrillLoad;
  /** Whether the drill starts a Parley of its own, and a PostgreSQL with a standby. */
  readonly ofStandby?: true;
}

const each = {
  kill: {
    description: 'kills a chat server, a manager and PostgreSQL in turn, with kill -9',
    disturbances: [killChatServer, killManager, killDatabase],
  },
  pause: { description: 'freezes a chat server until it is replaced, then wakes it', disturbances: [pausedServer] },
  partition: {
    description: 'cuts a chat server off from the database, the managers and both, and the managers off from everyone',
    disturbances: [cutFromDatabase, cutFromManagers, hungManagers, isolatedThenLate, isolatedThenReset],
  },
  slow: {
    description: 'slows networks down and resets connections',
    disturbances: [slowClients, resetConnections, slowDatabase],
  },
  away: { description: 'hangs the database, then stops it', disturbances: [hungDatabase, stoppedDatabase] },
  drain: { description: 'shuts a chat server down cleanly, as a deployment does', disturbances: [drained] },
} as const satisfies Record<string, CatalogEntry>;

/** Every drill by its name. */
export const drills = {
  ...each,
  all: {
    description: 'runs all of these',
    disturbances: Object.values(each).flatMap(({ disturbances }): Disturbance[] => [...disturbances]),
  },
  inboxes: {
    description: 'kills, drains and freezes chat servers and gateways, under users who hold inboxes',
    disturbances: [
      killedOwner,
      drainedGateway,
      drainedOwner,
      killedGateway,
      frozenOwner,
      restartDatabase,
      killManager,
      undisturbed,
    ],
    load: (rate) => new InboxLoad(rate),
  },
  restore: {
    description: 'backs up under users who hold inboxes, restores into a fresh system, and connects clients there',
    disturbances: [restoredFrom()],
    load: (rate) => new InboxLoad(rate),
  },
  failover: {
    description:
      'promotes a synchronous standby of PostgreSQL after kill -9 of the primary; starts a Parley of its own',
    disturbances: [synchronousFailover],
    ofStandby: true,
  },
  'inboxes-failover': {
    description: 'does the same under users who hold inboxes',
    disturbances: [synchronousFailover],
    load: (rate) => new InboxLoad(rate),
    ofStandby: true,
  },
  'lagging-failover': {
    description: 'promotes an asynchronous standby that lags, and checks that clients learn which messages are void',
    disturbances: [asynchronousFailover],
    load: (rate) => new LossyLoad(rate),
    ofStandby: true,
  },
  recovery: {
    description: 'recovers PostgreSQL to a time in the past, and checks the same',
    disturbances: [recovery],
    load: (rate) => new LossyLoad(rate),
    ofStandby: true,
  },
  watch: { description: 'only measures, while you disturb your system by hand', disturbances: [watched] },
} as const satisfies Record<string, CatalogEntry>;
