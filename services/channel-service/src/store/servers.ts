import { type Queryable, type ServerState, statements } from '@parley/database';

const sql = statements(import.meta.url);

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

const follow = sql('follow-activity');

/**
 * Updates the order of the listing. Any number of managers may run it at the same time.
 * @throws the database error.
 */
export async function followActivity(pool: Queryable): Promise<void> {
  await follow.run(pool, []);
}
