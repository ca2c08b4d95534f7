export type { Pool, PoolClient } from 'pg';
export { grantAdministrator } from './administrators.js';
export { DatabaseClock } from './clock.js';
export { systemAccount } from './embedded/account.js';
export { type EmbeddedServer, type EmbeddedSettings, findEmbedded, startEmbedded } from './embedded/start.js';
export { isAway, isBusy, isDuplicate, isLockTimeout } from './failure.js';
export { checkSchema, migrate } from './migrate.js';
export { checkServer, createDatabase, createPool, type PoolSettings, transaction } from './pool.js';
export { commandOf, identityOf } from './processes.js';
export { type Rate, refund, spend } from './rate.js';
export { declareRestored } from './restored.js';
export {
  createDatabaseFor,
  dropDatabaseFor,
  openRoles,
  roleUrl,
  SERVICE_ROLES,
  type ServiceRole,
  usableConnections,
} from './roles.js';
export { readSecrets, type Secrets } from './secrets.js';
export { type Queryable, Statement, type StatementLoader, statements } from './statements.js';
export type * from './types.js';
