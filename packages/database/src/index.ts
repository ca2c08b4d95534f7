export { sql } from 'kysely';
export type { Pool, PoolClient } from 'pg';
export {
  type BackupProgress,
  type BackupTotals,
  checkBackup,
  checkBackupBytes,
  isEncryptedBackup,
  restoreBackup,
  writeBackup,
} from './backup/backup.js';
export { BackupError } from './backup/backup-error.js';
export { DatabaseClock } from './clock.js';
export { chooseAccount, type SystemUser, systemAccount } from './embedded/account.js';
export { findBinaries } from './embedded/binaries.js';
export { type EmbeddedServer, type EmbeddedSettings, findEmbedded, startEmbedded } from './embedded/start.js';
export { isAway, isBusy, isDuplicate, isForbidden, isLockTimeout, isOutOfResources, isRolledBack } from './failure.js';
export { checkSchema, migrate, plannedMigrations } from './migrate.js';
export {
  Bell,
  eventChannel,
  type Listening,
  membershipChannel,
  NotificationListener,
  type NotificationListenerOptions,
  type Notifier,
  postgresNotifier,
  receiptChannel,
} from './notifications.js';
export { declarePromoted, declareRestored, grantAdministrator } from './owner.js';
export {
  checkServer,
  createPool,
  type DatabaseUrl,
  oldestPostgres,
  type PoolSettings,
  snapshot,
  transaction,
} from './pool.js';
export { commandOf, identityOf } from './processes.js';
export { db } from './query-builder.js';
export { type Rate, refund, spend } from './rate.js';
export {
  checkCluster,
  connectionShares,
  connectionsFor,
  copyDatabaseFor,
  createDatabaseFor,
  dropDatabaseFor,
  extraConnections,
  openRoles,
  roleUrl,
  SERVICE_ROLES,
  type ServiceRole,
  usableConnections,
} from './roles.js';
export { readSecrets, rotateSecrets, type Secrets } from './secrets.js';
export { loadedSqlFiles, loadSql, SqlFile } from './sql-file.js';
export {
  allNullable,
  array,
  bool,
  bytea,
  enumeration,
  float4,
  float8,
  int2,
  int4,
  int8,
  json,
  jsonb,
  nullable,
  numeric,
  SqlType,
  text,
  timestamptz,
  uuid,
} from './sql-types.js';
export {
  type OutputOf,
  type ParametersOf,
  type Queryable,
  type RowOf,
  type SqlFields,
  Statement,
  statementRuns,
} from './statement.js';
export { observeStatements, type StatementTiming } from './statement-timing.js';
export { WrongServerError } from './timeline.js';
export type * from './unions.js';
