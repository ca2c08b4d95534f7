import { grantAdministrator } from '@parley/database';
import { exitCodes, Failure } from './failure.js';
import { type OwnerOptions, withOwner } from './owner-database.js';
import { terminalLine } from './plain-text.js';

/**
 * Makes a user an operator directly in the database, as its owner.
 * @throws {Failure} if there is no such user or the database refuses
 */
export function grant(userId: string, options: OwnerOptions): Promise<void> {
  return withOwner(options, 'parley admin grant', async (pool) => {
    if (await grantAdministrator(pool, userId)) return;
    const words = `There is no user ${terminalLine(userId)}. Register the account first.`;
    throw new Failure('user-not-found', exitCodes.refused, words);
  });
}
