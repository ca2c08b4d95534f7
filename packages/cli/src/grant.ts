import { grantAdministrator } from '@parley/database';
import { exitCodes, Failure } from './failure.js';
import { type OwnerOptions, withOwner } from './owner-database.js';
import { terminalLine } from './plain-text.js';

/** Makes a user an administrator past every service, as the owner of the database. Throws a Failure. */
export function grant(userId: string, options: OwnerOptions): Promise<void> {
  return withOwner(options, 'parley admin grant', async (pool) => {
    if (await grantAdministrator(pool, userId)) return;
    const words = `there is no user ${terminalLine(userId)} who could be one: register it first`;
    throw new Failure('user-not-found', exitCodes.refused, words);
  });
}
