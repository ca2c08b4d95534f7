import { type Empty, ListSessionsResponse } from '@parley/contract';
import type { Pool } from '@parley/database';
import { limits } from '@parley/runtime';
import type { UserCaller } from '@parley/service-kit';
import { listSessions } from '../store/sessions.js';

/** Handles ListSessions: returns the caller's sessions that have not ended, at most 1,000. */
export function createListSessions(pool: Pool) {
  return async (_request: Empty, me: UserCaller): Promise<ListSessionsResponse> => {
    const rows = await listSessions.run(pool, { userId: me.id, size: limits.sessionsListed });
    const sessions = rows.map(({ id, device, address, createdAt, expiresAt }) => ({
      ...{ id, device, address, current: id === me.sessionId },
      createdAt: createdAt.getTime(),
      expiresAt: expiresAt.getTime(),
    }));
    return ListSessionsResponse.fromPartial({ sessions });
  };
}
