import { migrate, plannedMigrations } from '@parley/database';
import type { OwnerOptions } from '../owner-database.js';
import { counted } from '../plain-text.js';
import type { CommandSession } from '../session.js';
import { pooled, withOwnedDatabase } from './backup-database.js';

/** The options of `migrate`. */
export interface MigrateCommandOptions extends OwnerOptions {
  readonly plan: boolean;
}

/** Prints one migration a line, and JSON with all of them. */
function print(session: CommandSession, title: string, migrations: readonly string[], value: object): void {
  const lines = migrations.length === 0 ? ['The database has all migrations.'] : [title, ...migrations];
  session.print(lines.join('\n'), value);
}

/** Migrates a database to the schema of this version, or with `plan` lists what that would run. */
export async function migrateDatabase(session: CommandSession, options: MigrateCommandOptions): Promise<void> {
  if (options.plan) {
    const planned = await withOwnedDatabase(options, pooled(plannedMigrations));
    return print(session, `${counted(planned.length, 'migration')} would run:`, planned, { planned });
  }
  const applied = await withOwnedDatabase(options, migrate);
  print(session, `${counted(applied.length, 'migration has', 'migrations have')} run:`, applied, { applied });
}
