import { ListMembersResponse, type Page } from '@parley/contract';
import type { Pool } from '@parley/database';
import type { UserCaller } from '@parley/service-kit';
import { nextAfter, pageAfter, pageSize } from '../requests/page.js';
import { listBlocked } from './block-store.js';

/** Handles ListBlocked: returns a page of the users whom the caller has blocked, by id. */
export function createListBlocked(pool: Pool) {
  return async (page: Page, me: UserCaller): Promise<ListMembersResponse> => {
    const size = pageSize(page.size);
    const rows = await listBlocked.run(pool, {
      userId: me.id,
      userRole: me.role,
      afterId: pageAfter(page),
      size: size + 1,
    });
    return ListMembersResponse.fromPartial({
      users: rows.slice(0, size).map((row) => ({ ...row, blocked: true })),
      next: nextAfter(rows, size, ({ id }) => id),
    });
  };
}
