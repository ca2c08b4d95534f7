import { Empty, type LogoutRequest } from '@parley/contract';
import { type Pool, transaction } from '@parley/database';
import type { UserCaller } from '@parley/service-kit';
import { endSessions } from '../store/sessions.js';

/**
 * Handles Logout: ends this session, or all of the user's. Their streams end within about a second.
 */
export function createLogout(pool: Pool) {
  return async ({ everywhere }: LogoutRequest, me: UserCaller): Promise<Empty> => {
    await transaction(pool, (client) => endSessions(client, me.id, everywhere ? {} : { only: me.sessionId }));
    return Empty.create();
  };
}
