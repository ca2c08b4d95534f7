import { int4, loadSql } from '@parley/database';

const sql = loadSql('purges.sql', import.meta.url);

/** Deletes invitations that nobody can use any more. */
export const purgeInvites = sql.statement('purgeInvites');

/** Deletes offers that have lapsed. */
export const purgeOffers = sql.statement('purgeOffers');

/** Statements that delete expired rows. Any number of managers may run them at the same time. */
export const purges = [
  sql.statement('purgeEvents'),
  sql.statement('purgeGateways'),
  purgeInvites,
  sql.statement('purgeKeys'),
  sql.statement('purgeKicks'),
  sql.statement('purgeNotifications'),
  purgeOffers,
  sql.statement('purgeRates'),
  sql.statement('purgeSeats'),
  sql.statement('purgeServers'),
];

export const purgeGuests = sql.statement('purgeGuests', { afterNumber: int4, most: int4 }, { last: int4 });
