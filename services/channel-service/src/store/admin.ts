import { type ServerState, statements, type UserRole, type UserStatus } from '@parley/database';
import type { Reason } from '@parley/runtime';
import type { ServerTarget } from '../clients/chat-servers.js';

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

export interface AccountRow {
  readonly id: string;
  readonly name: string;
  readonly number: number;
  readonly role: UserRole;
  readonly status: UserStatus;
}

/** A live server where streams ended. */
export interface KickedSeat extends ServerTarget {
  readonly seats: number;
}

export interface AuditRow {
  readonly id: number;
  readonly at_ms: number;
  readonly actor: string;
  readonly action: string;
  readonly target: string;
  readonly detail: string;
}

export const listServers = sql<ServerRow, [atMost: number]>('list-servers');
export const drainServer = sql<ServerTarget & { name: string }, [bootId: string]>('drain-server');
export const setUser = sql<
  { outcome: Reason | 'done' },
  [actor: string, userId: string, role: UserRole | null, status: UserStatus | null]
>('set-user');
export const account = sql<AccountRow, [userId: string]>('account');
export const kick = sql<KickedSeat, [channelId: number | null, userId: string | null]>('kick');
export const listAudit = sql<AuditRow, [beforeId: number | null, size: number]>('list-audit');
