import { declareRestored } from '@parley/database';
import { type OwnerOptions, withOwner } from './owner-database.js';

/**
 * Gives every stored channel a new log after a restore from a backup, as the database owner.
 * Returns the number of channels.
 * @throws {Failure}
 */
export function restored(options: OwnerOptions): Promise<number> {
  return withOwner(options, 'parley admin restored', declareRestored);
}
