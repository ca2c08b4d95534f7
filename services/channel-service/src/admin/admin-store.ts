import { statements, type UserRole, type UserStatus } from '@parley/database';
import type { Reason } from '@parley/runtime';

const sql = statements(import.meta.url);

export interface AccountRow {
  readonly id: string;
  readonly name: string;
  readonly number: number;
  readonly role: UserRole;
  readonly status: UserStatus;
}

export interface AuditRow {
  readonly id: number;
  readonly at_ms: number;
  readonly actor: string;
  readonly action: string;
  readonly target: string;
  readonly detail: string;
}

export const setUser = sql<
  { outcome: Reason | 'done' },
  [actor: string, userId: string, role: UserRole | null, status: UserStatus | null]
>('set-user');

export const account = sql<AccountRow, [userId: string]>('account');

export const listAudit = sql<AuditRow, [beforeId: number | null, size: number]>('list-audit');
