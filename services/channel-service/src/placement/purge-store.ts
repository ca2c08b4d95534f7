import { int4, loadSql } from '@parley/database';

const sql = loadSql('purges.sql', import.meta.url);

/** Statements that delete expired rows. Any number of managers may run them at the same time. */
export const purges = [
  sql.statement('purgeEvents'),
  sql.statement('purgeGateways'),
  sql.statement('purgeInvites'),
  sql.statement('purgeKeys'),
  sql.statement('purgeKicks'),
  sql.statement('purgeNotifications'),
  sql.statement('purgeOffers'),
  sql.statement('purgeRates'),
  sql.statement('purgeSeats'),
  sql.statement('purgeServers'),
];

export const purgeGuests = sql.statement('purgeGuests', { afterNumber: int4, most: int4 }, { last: int4 });
