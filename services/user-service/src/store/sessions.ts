import { type Queryable, statements } from '@parley/database';
import type { ProfileRow } from './users.js';

const sql = statements(import.meta.url);

export interface OpenedSession extends ProfileRow {
  readonly session_id: string;
  readonly expires_at: Date;
}

export const openSession = sql<
  OpenedSession,
  [userId: string, hash: string, device: string, seconds: number, address: string]
>('open-session');
export const purgeSessions = sql('purge-sessions');

const revoke = sql<{ id: string }, [userId: string, only: string | null, except: string | null]>('revoke-sessions');
const endSeats = sql<never, [sessions: readonly string[]]>('end-seats');

/** Sessions of a user to end; without either field, all. */
export interface Which {
  readonly only?: string;
  readonly except?: string;
}

/** Ends sessions and their seats. Call it inside a transaction. */
export async function endSessions(client: Queryable, userId: string, { only, except }: Which): Promise<void> {
  const ended = await revoke.run(client, [userId, only ?? null, except ?? null]);
  await endSeats.run(client, [ended.map(({ id }) => id)]);
}
