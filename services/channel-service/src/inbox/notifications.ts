import {
  type ListNotificationsRequest,
  ListNotificationsResponse,
  type MarkNotificationsRequest,
  NotificationKind,
} from '@parley/contract';
import type { NotificationKind as KindWord, Pool } from '@parley/database';
import { limits, refuse } from '@parley/runtime';
import type { Call, UserCaller } from '@parley/service-kit';
import { throttleChanges } from '../members/membership.js';
import { nextAfter, pageNumber, pageSize } from '../requests/page.js';
import { countUnread, listNotifications, markNotifications } from './notification-store.js';

const kinds: Readonly<Record<KindWord, NotificationKind>> = {
  mention: NotificationKind.MENTION,
  reply: NotificationKind.REPLY,
  direct: NotificationKind.DIRECT,
  added: NotificationKind.ADDED,
  offered: NotificationKind.OFFERED,
  role: NotificationKind.ROLE,
};

/** Handles ListNotifications: returns a page of the caller's notifications, newest first. */
export function createListNotifications(pool: Pool) {
  return async ({ page, unreadOnly }: ListNotificationsRequest, me: UserCaller, call: Call) => {
    call.quiet = true;
    const size = pageSize(page?.size ?? 0);
    const beforeId = pageNumber(page) ?? Number.MAX_SAFE_INTEGER;
    const found = await listNotifications.run(pool, { userId: me.id, beforeId, unreadOnly, size: size + 1 });
    const [counted] = await countUnread.run(pool, { userId: me.id, maxCounted: limits.unreadCounted });
    const notifications = found.slice(0, size).map(({ kind, createdMs, byId, ...rest }) => ({
      ...rest,
      kind: kinds[kind],
      createdAt: createdMs,
      by: byId,
    }));
    const next = nextAfter(found, size, ({ id }) => String(id));
    return ListNotificationsResponse.fromPartial({ notifications, next, unread: counted?.unread ?? 0 });
  };
}

/**
 * Handles MarkNotifications: marks the caller's notifications as read. Ignores ids of notifications
 * of other users.
 */
export function createMarkNotifications(pool: Pool) {
  return async ({ ids, upTo }: MarkNotificationsRequest, me: UserCaller): Promise<object> => {
    if (ids.length > limits.pageEntries)
      throw refuse('invalid-page', { message: 'Too many notifications. Name at most 100, or use up_to.' });
    await throttleChanges(pool, me);
    await markNotifications.run(pool, { userId: me.id, upTo, ids });
    return {};
  };
}
