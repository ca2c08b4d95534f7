import { int4, int8, loadSql, nullable, type RowOf, text, type UserRole, type UserStatus } from '@parley/database';
import type { Reason } from '@parley/runtime';

const sql = loadSql('operators.sql', import.meta.url);

const role = text.as<UserRole>();
const status = text.as<UserStatus>();

export const readAccount = sql.statement(
  'readAccount',
  { userId: text },
  { id: text, name: text, number: int4, role, status },
);
export const setUser = sql.statement(
  'setUser',
  { actorId: text, userId: text, role: nullable(role), status: nullable(status), verifiedEmail: nullable(text) },
  { outcome: text.as<Reason | 'done'>() },
);
export const listAudit = sql.statement(
  'listAudit',
  { beforeId: nullable(int8), size: int8 },
  { id: int8, atMs: int8, actor: text, action: text, target: text, detail: text },
);

export type Account = RowOf<typeof readAccount>;
export type AuditRow = RowOf<typeof listAudit>;
