import { type ServerState, statements } from '@parley/database';
import type { ServerTarget } from './chat-servers.js';

const sql = statements(import.meta.url);

/** A chat server as operators see it. */
export interface ServerRow extends ServerTarget {
  readonly name: string;
  readonly addr: string;
  readonly tls: boolean;
  readonly state: ServerState;
  readonly load: number;
  readonly seats: number;
  /** Its lease has expired. */
  readonly lapsed: boolean;
  readonly report_age_ms: number;
  /** Number of channels it owns. */
  readonly channels: number;
}

export const listServers = sql<ServerRow, [atMost: number]>('list-servers');

export const drainServer = sql<ServerTarget & { name: string }, [bootId: string]>('drain-server');

export const registerServer = sql<
  { inserted: boolean },
  [
    bootId: string,
    name: string,
    addr: string,
    internalAddr: string,
    tls: boolean,
    state: ServerState,
    load: number,
    seats: number,
    metric: object,
  ]
>('register');

export const renew = sql<
  { boot_id: string },
  [bootId: string, state: ServerState | null, load: number | null, seats: number | null, metric: object]
>('renew');

export const endLease = sql<{ boot_id: string }, [bootId: string]>('end-lease');

export const stillOwned = sql<{ owned: boolean }, [bootId: string, ids: readonly number[], epochs: readonly number[]]>(
  'still-owned',
);

export const earlierLives = sql<{ boot_id: string }, [bootId: string, internalAddr: string]>('earlier-lives');

export const endLives = sql<never, [bootIds: readonly string[]]>('end-lives');

export const mendLeases = sql<{ boot_id: string }>('mend-leases');

export const mendSeats = sql('mend-seats');

export const livingServers = sql<{ internal_addr: string }>('living-servers');

export const purges = ['purge-events', 'purge-keys', 'purge-offers', 'purge-rates', 'purge-seats', 'purge-servers'].map(
  (name) => sql(name),
);
