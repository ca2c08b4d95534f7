import {
  array,
  bool,
  bytea,
  int4,
  int8,
  loadSql,
  nullable,
  type RowOf,
  text,
  type UserRole,
  type UserStatus,
} from '@parley/database';

const sql = loadSql('lists.sql', import.meta.url);

const status = text.as<UserStatus>();
const numbers = { afterNumber: int8, size: int8 };
const ids = { afterId: int8, size: int8 };
const reports = { beforeId: int8, size: int8 };

export const listNumbers = sql.statement('listNumbers', numbers, { number: int4 });
export const listNumbersOfStatus = sql.statement('listNumbersOfStatus', { ...numbers, status }, { number: int4 });
export const findNumbers = sql.statement(
  'findNumbers',
  { ...numbers, prefix: text, status: nullable(status) },
  { number: int4 },
);
export const readAccounts = sql.statement(
  'readAccounts',
  { readerId: text, numbers: array(int4) },
  {
    id: text,
    name: text,
    number: int4,
    role: text.as<UserRole>(),
    status,
    email: text,
    emailVerified: bool,
    bot: bool,
    lastSeenMs: int8,
    createdMs: int8,
    blocked: bool,
  },
);
export const listChannelIds = sql.statement('listChannelIds', ids, { id: int4 });
export const findChannelIds = sql.statement('findChannelIds', { ...ids, prefix: text }, { id: int4 });
export const listReports = sql.statement('listReports', reports, { id: int8 });
export const listOpenReports = sql.statement('listOpenReports', reports, { id: int8 });
export const readReports = sql.statement(
  'readReports',
  { ids: array(int8) },
  {
    id: int8,
    byId: text,
    userId: text,
    channelId: int4,
    seq: int8,
    reason: text,
    contentType: text,
    data: bytea,
    createdMs: int8,
    resolved: bool,
  },
);
export const resolveReport = sql.statement('resolveReport', { id: int8, byId: text }, { wasOpen: bool });

/** An account in the list for operators. */
export type ListedAccount = RowOf<typeof readAccounts>;

/** An abuse report with its copy of the message. */
export type StoredReport = RowOf<typeof readReports>;
