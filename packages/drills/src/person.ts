import { randomBytes } from 'node:crypto';

/** A logged-in user. */
export interface DrillPerson {
  readonly id: string;
  readonly token: string;
}

/** Returns a prefix for the user ids of one drill. */
export function freshPrefix(): string {
  return `drill-${randomBytes(4).toString('hex')}`;
}
