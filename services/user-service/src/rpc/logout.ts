import { Empty, type LogoutRequest } from '@parley/contract';
import { type Pool, transaction } from '@parley/database';
import { isUuid, refuse } from '@parley/runtime';
import { type Call, isBotToken, type UserCaller } from '@parley/service-kit';
import { endSessions, type SessionSelection } from '../store/sessions.js';
import { sessionsOfUser, throttle } from './throttle.js';

function selectionOf({ everywhere, sessionId }: LogoutRequest, me: UserCaller): SessionSelection {
  if (everywhere) return {};
  return { only: sessionId === '' ? me.sessionId : sessionId };
}

/**
 * Handles Logout: ends this session, another one of the user, or all. Their streams end within
 * about a second. A session of another user appears not to exist. A bot keeps its session, which
 * only RevokeBot ends.
 */
export function createLogout(pool: Pool) {
  return async (request: LogoutRequest, me: UserCaller, call: Call): Promise<Empty> => {
    if (isBotToken(call.bearer())) throw refuse('bot-session');
    const { sessionId, everywhere } = request;
    if (sessionId !== '') {
      await throttle(pool, sessionsOfUser, me.id, 'change-too-often');
      if (everywhere) throw refuse('session-not-found', { message: 'Set session_id or everywhere, not both.' });
      if (!isUuid(sessionId)) throw refuse('session-not-found');
    }
    const ended = await transaction(pool, (client) => endSessions(client, me.id, selectionOf(request, me)));
    if (ended === 0 && sessionId !== '') throw refuse('session-not-found');
    return Empty.create();
  };
}
