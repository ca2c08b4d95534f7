import type { Channel, MemberRole, User } from '@parley/contract';
import type { Reason } from '@parley/runtime/refusals';
import type { ChatSummary, NotifyLevel } from '../calls/chat-summary.js';
import type { NotificationItem } from '../calls/notifications.js';
import type { EntryEvent, GapEvent, PassingEvent } from '../events.js';

/** The chat of an event. */
interface OfChat {
  readonly channelId: number;
}

/** The chat of an event, and the log that its seqs belong to; empty in a chat without history. */
interface OfLog extends OfChat {
  readonly log: string;
}

type With<E, More> = E extends unknown ? E & More : never;

/** An entry of a chat. */
export type InboxEntry = With<EntryEvent, OfLog>;

/** A lossy message, presence, typing or a receipt in a chat. */
export type InboxPassing = With<PassingEvent, OfChat>;

/** A range of entries of a chat that did not arrive on the stream; see `GapEvent`. */
export type InboxGap = GapEvent & OfLog;

/** Everything that an inbox yields, discriminated by `type`. */
export type UserInboxEvent =
  | InboxEntry
  | InboxPassing
  | InboxGap
  /** The chat has another log now: its earlier seqs are void, and missed entries are lost. */
  | ({ readonly type: 'chat-reset' } & OfLog)
  /** The user has joined the chat. A reconnect may repeat this event. */
  | { readonly type: 'added'; readonly channel: Channel }
  /** The settings of the chat, or the user's membership of it, have changed. */
  | { readonly type: 'changed'; readonly channel: Channel }
  /**
   * The user's own membership, after another device has marked the chat or set which messages
   * notify, or after the role has changed.
   */
  | ({
      readonly type: 'membership';
      readonly role: MemberRole;
      readonly markedUnread: boolean;
      readonly notify: NotifyLevel;
    } & OfChat)
  /** The user has left the chat or was removed from it, or it was deleted. */
  | ({ readonly type: 'removed' } & OfChat)
  | { readonly type: 'notification'; readonly notification: NotificationItem }
  /**
   * The current state of all chats, which replaces everything that was known about them. With the
   * option `overview`, this is the first event. It also comes if events were lost because the inbox
   * was away for too long or was read too slowly. Then a gap follows for each chat with missed
   * entries, up to `channel.lastSeq`.
   */
  | { readonly type: 'reset'; readonly chats: readonly ChatSummary[] }
  /** A stream has started. `now` is the time of the server's clock, in Unix ms. */
  | { readonly type: 'connected'; readonly me: User; readonly now: number }
  /** The connection was lost or refused. The next attempt starts in `inMs` milliseconds. */
  | { readonly type: 'reconnecting'; readonly reason: Reason; readonly message: string; readonly inMs: number }
  /**
   * A post was refused for now, and will be retried, as with the event `held` of a conversation.
   */
  | ({
      readonly type: 'held';
      readonly clientId: string;
      readonly reason: Reason;
      readonly message: string;
      readonly inMs: number;
    } & OfChat)
  /** The last event. The reason is `closed` after `close`, else the final refusal. */
  | {
      readonly type: 'ended';
      readonly reason: Reason | 'closed';
      readonly message: string;
      /** Milliseconds until another attempt may succeed; 0 if none can. */
      readonly retryAfterMs: number;
    };
