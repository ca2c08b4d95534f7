import { randomBytes } from 'node:crypto';

/** Somebody who is logged in. */
export interface DrillPerson {
  readonly id: string;
  readonly token: string;
}

/** Begins the ids of one drill's people, and nobody else's. */
export function freshPrefix(): string {
  return `drill-${randomBytes(4).toString('hex')}`;
}
