import { declarePromoted, declareRestored } from '@parley/database';
import { type OwnerOptions, withOwner } from './owner-database.js';

/**
 * Gives every stored channel a new log after a restore from a backup, as the database owner.
 * Returns the number of channels.
 * @throws {Failure}
 */
export function restored(options: OwnerOptions): Promise<number> {
  return withOwner(options, 'parley admin restored', declareRestored);
}

/**
 * Declares that a promoted standby lacks nothing, as the database owner. Returns what was found.
 * @throws {Failure}
 */
export function promoted(options: OwnerOptions): ReturnType<typeof declarePromoted> {
  return withOwner(options, 'parley admin promoted', declarePromoted);
}
