import { eventChannel, type Listening, membershipChannel, receiptChannel } from '@parley/database';
import { isUserId, type Metrics } from '@parley/runtime';
import type { Inbox } from '../inbox/inbox.js';

export interface WakeUpsOptions {
  readonly instanceId: string;
  readonly inbox: Pick<Inbox, 'wakeSoon' | 'showReceipt' | 'showMembership' | 'showUnheard'>;
  readonly metrics: Metrics;
}

/** Returns the payload of a notification about a receipt that this gateway has moved. */
export function receiptLine(
  moved: { readonly channelId: number; readonly userId: string },
  instanceId: string,
): string {
  return `${moved.channelId} ${moved.userId} ${instanceId}`;
}

/**
 * Lets inboxes read changes as soon as a manager has made them, receipts that managers and other
 * gateways have moved, and settings that users have changed in their memberships. Without
 * notifications, inboxes read changes every second, and the rest as soon as notifications arrive
 * again.
 */
export function wakeUpsOf({ instanceId, inbox, metrics }: WakeUpsOptions): Listening {
  const counts = { listening: 0, notified: 0 };
  metrics.totals('parley_inbox_wakeups_total', 'notifications of changes, and times they began', 'cause', () => counts);
  const wake = (cause: keyof typeof counts) => {
    counts[cause] += 1;
    inbox.wakeSoon();
  };
  const onNotified = (channel: string, payload: string) => {
    if (channel === eventChannel) return wake('notified');
    for (const line of payload.split('\n')) {
      const [channelId, userId = '', from] = line.split(' ');
      const member = { channelId: Number(channelId), userId };
      if (!isUserId(userId)) continue; // Others may be able to send notifications, too.
      if (channel === membershipChannel) inbox.showMembership(member);
      else if (from !== instanceId) inbox.showReceipt(member);
    }
  };
  const channels = [eventChannel, receiptChannel, membershipChannel];
  const onListening = (missedMs: number) => {
    inbox.showUnheard(missedMs);
    wake('listening');
  };
  return { channels, onListening, onNotified };
}
