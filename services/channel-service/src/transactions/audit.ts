import { db, type Queryable } from '@parley/database';

/** A line of the audit: an actor, an action and its target. */
export interface AuditLine {
  /** Id of the user who acted. */
  readonly actor: string;
  readonly action: string;
  /** Id of the target. */
  readonly target: string;
  readonly detail: Record<string, unknown>;
}

/** Adds a line to the audit. */
export async function audit(client: Queryable, line: AuditLine): Promise<void> {
  await db(client).insertInto('audit').values(line).execute();
}
