import { declareRestored } from '@parley/database';
import { type OwnerOptions, withOwner } from './owner-database.js';

/** The step after a restore from a backup, as the owner of the database. Answers how many channels got another log. Throws a Failure. */
export function restored(options: OwnerOptions): Promise<number> {
  return withOwner(options, 'parley admin restored', declareRestored);
}
