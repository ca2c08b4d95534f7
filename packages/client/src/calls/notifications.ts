import { type Notification, NotificationKind } from '@parley/contract';
import { type Abortable, type Ask, allPages, type ListOptions } from './ask.js';
import { calls } from './methods.js';

const kinds: Readonly<Partial<Record<NotificationKind, NotificationItem['kind']>>> = {
  [NotificationKind.MENTION]: 'mention',
  [NotificationKind.REPLY]: 'reply',
  [NotificationKind.DIRECT]: 'direct',
  [NotificationKind.ADDED]: 'added',
  [NotificationKind.OFFERED]: 'offered',
  [NotificationKind.ROLE]: 'role',
};

/** A notification: a mention, a reply, a direct message, or a change of the user's membership. */
export interface NotificationItem extends Omit<Notification, 'kind'> {
  readonly kind: 'mention' | 'reply' | 'direct' | 'added' | 'offered' | 'role' | 'unknown';
}

/** Converts a notification of the contract. */
export function notificationOf(notification: Notification): NotificationItem {
  return { ...notification, kind: kinds[notification.kind] ?? 'unknown' };
}

/** Range of notifications to list. */
export interface NotificationRange extends ListOptions {
  /** Yields only unread notifications. Default: false. */
  readonly unreadOnly?: boolean;
}

/** Notifications to mark: at most 100 by their ids, or all with ids up to `upTo`. */
type Marked = { readonly ids: readonly number[] } | { readonly upTo: number };

/**
 * The user's notifications: mentions, replies, direct messages, and changes of memberships.
 * @example
 * ```ts
 * import type { ParleyClient } from '@parley/client';
 *
 * export async function readAll(client: ParleyClient): Promise<void> {
 *   let newest = 0;
 *   for await (const { id, kind, by, channelId } of client.notifications.list({ unreadOnly: true })) {
 *     console.log(kind, by, channelId);
 *     newest = Math.max(newest, id);
 *   }
 *   if (newest > 0) await client.notifications.markRead({ upTo: newest });
 * }
 * ```
 */
export class Notifications {
  readonly #ask: Ask;

  constructor(ask: Ask) {
    this.#ask = ask;
  }

  /** Yields the notifications, the newest first. */
  list({ unreadOnly = false, size = 0, signal }: NotificationRange = {}): AsyncGenerator<NotificationItem, void> {
    return allPages(async (after) => {
      const request = { page: { size, after }, unreadOnly };
      const { notifications, next } = await this.#ask(calls.listNotifications, request, signal);
      return { items: notifications.map(notificationOf), next };
    });
  }

  /** Fetches the number of unread notifications, counted up to 100. */
  async unread({ signal }: Abortable = {}): Promise<number> {
    const request = { page: { size: 1, after: '' }, unreadOnly: true };
    return (await this.#ask(calls.listNotifications, request, signal)).unread;
  }

  /** Marks notifications as read: at most 100 by their ids, or all up to an id. */
  async markRead(marked: Marked, { signal }: Abortable = {}): Promise<void> {
    const request = 'ids' in marked ? { ids: [...marked.ids], upTo: 0 } : { ids: [], upTo: marked.upTo };
    await this.#ask(calls.markNotifications, request, signal);
  }
}
