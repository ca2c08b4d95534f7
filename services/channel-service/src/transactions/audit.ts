import { db, type Queryable } from '@parley/database';

/** A line of the audit: what an operator, or an owner, did to what. */
export interface AuditLine {
  /** Id of the user who acted. */
  readonly actor: string;
  readonly action: string;
  /** Id of what it was done to. */
  readonly target: string;
  readonly detail: Record<string, unknown>;
}

/** Adds a line to the audit. */
export async function audit(client: Queryable, line: AuditLine): Promise<void> {
  await db(client).insertInto('audit').values(line).execute();
}
