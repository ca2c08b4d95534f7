import { endedDatabase, hungDatabase } from './away.js';
import {
  aloneThenLate,
  aloneThenReset,
  cutFromDatabase,
  cutFromManagers,
  holeOfManagers,
  pausedServer,
} from './cut.js';
import { drained } from './drain.js';
import { killChatServer, killDatabase, killManager } from './kill.js';
import { slowDatabase, slowPeople, tornPeople } from './slow.js';
import type { Disturbance } from './trouble.js';
import { watched } from './watch.js';

export interface CatalogEntry {
  readonly words: string;
  /** Made one after the other. */
  readonly troubles: readonly Disturbance[];
}

const each = {
  kill: {
    words: 'kills a chat server, a manager and PostgreSQL with -9, in turn',
    troubles: [killChatServer, killManager, killDatabase],
  },
  pause: { words: 'puts a chat server to sleep until it is replaced, and wakes it', troubles: [pausedServer] },
  partition: {
    words: 'cuts a chat server from the database, from the managers and from both, and the managers from everybody',
    troubles: [cutFromDatabase, cutFromManagers, holeOfManagers, aloneThenLate, aloneThenReset],
  },
  slow: { words: 'makes networks slow and tears connections', troubles: [slowPeople, tornPeople, slowDatabase] },
  away: { words: 'takes the database away, hanging and then ended', troubles: [hungDatabase, endedDatabase] },
  drain: { words: 'stops a chat server in order, as a deploy does', troubles: [drained] },
} as const satisfies Record<string, CatalogEntry>;

/** Every drill by its name. */
export const drills = {
  ...each,
  all: { words: 'all of these', troubles: Object.values(each).flatMap(({ troubles }): Disturbance[] => [...troubles]) },
  watch: { words: 'makes nothing: counts while you do something to your system by hand', troubles: [watched] },
} as const satisfies Record<string, CatalogEntry>;
