import { type Channel, Invite, UpdateChannelRequest, UpdateReceiptRequest, User } from '@parley/contract';
import type { LogPosition } from '../core/bookmark.js';
import { type Abortable, type Ask, allPages, type ListOptions } from './ask.js';
import {
  type ChatSummary,
  type ChatsNow,
  type DatedReceipt,
  type NotifyLevel,
  notifyLevels,
  summaryOf,
} from './chat-summary.js';
import { calls } from './methods.js';

/** Options of `Chats.all`. */
export interface AllChatsOptions extends Abortable {
  readonly onPage?: (chats: readonly ChatSummary[]) => void;
}

/** Options of `Chats.markUnread`. */
export interface MarkUnreadOptions extends Abortable {
  /** Position up to which the user has read the chat. */
  readonly read?: LogPosition | undefined;
}

/** Settings of a channel to change; absent ones stay as they are. */
export type ChannelChange = Omit<Parameters<typeof UpdateChannelRequest.fromPartial>[0], 'id'>;

/**
 * Chats: the channels that a user belongs to.
 * @example
 * ```ts
 * import type { Conversation, ParleyClient } from '@parley/client';
 *
 * export async function unread(client: ParleyClient): Promise<void> {
 *   for await (const { channel, peer, unread, mentions } of client.chats.overview()) {
 *     if (unread > 0) console.log(peer?.name ?? channel.name, unread, mentions);
 *   }
 * }
 *
 * export async function talkTo(client: ParleyClient, userId: string): Promise<Conversation> {
 *   const { id } = await client.chats.direct(userId);
 *   return client.listen(id);
 * }
 * ```
 */
export class Chats {
  readonly #ask: Ask;

  constructor(ask: Ask) {
    this.#ask = ask;
  }

  /** Yields the user's chats, the most recently active first. */
  overview({ size = 0, signal }: ListOptions = {}): AsyncGenerator<ChatSummary, void> {
    return allPages(async (after) => {
      const { chats, next } = await this.#ask(calls.overview, { page: { size, after } }, signal);
      return { items: chats.map(summaryOf), next };
    });
  }

  /**
   * Fetches all chats, and the position of the inbox at the time of the first page. Calls `onPage`
   * with the chats of each page but the last, as soon as it has arrived.
   */
  async all({ signal, onPage }: AllChatsOptions = {}): Promise<ChatsNow> {
    const chats: ChatSummary[] = [];
    let [after, position] = ['', ''];
    do {
      const page = await this.#ask(calls.overview, { page: { size: 0, after } }, signal);
      const some = page.chats.map(summaryOf);
      chats.push(...some);
      if (page.next !== '') onPage?.(some);
      position ||= page.inbox;
      after = page.next;
    } while (after !== '');
    return { chats, position };
  }

  /**
   * Fetches one of the user's chats.
   * @throws {Refusal} `channel-not-found`, `not-a-member` or `wrong-kind`
   */
  get(channelId: number, options: Abortable = {}): Promise<ChatSummary> {
    return this.#moveReceipt({ channelId }, options);
  }

  /**
   * Marks a chat as read up to a position. Does nothing if it has been read further. Prefer
   * `Conversation.markRead` in an open conversation.
   * @throws {Refusal} `other-log`, `no-history` or `not-a-member`
   */
  markRead(channelId: number, { log, seq }: LogPosition, options: Abortable = {}): Promise<ChatSummary> {
    return this.#moveReceipt({ channelId, log, readSeq: seq }, options);
  }

  /**
   * Marks a chat as delivered up to a position.
   * @throws {Refusal} as `markRead` does
   */
  markDelivered(channelId: number, { log, seq }: LogPosition, options: Abortable = {}): Promise<ChatSummary> {
    return this.#moveReceipt({ channelId, log, deliveredSeq: seq }, options);
  }

  /**
   * Marks a chat as unread, or removes the mark. Others do not learn of the mark. A receipt that is
   * still on its way to the server removes the mark only if it moves the receipt of the user. So if
   * an inbox or a conversation has marked the chat as read, pass that position in `read`.
   * @throws {Refusal} as `markRead` does
   */
  markUnread(channelId: number, isUnread = true, options: MarkUnreadOptions = {}): Promise<ChatSummary> {
    const { log = '', seq: readSeq = 0 } = options.read ?? {};
    return this.#moveReceipt({ channelId, log, readSeq, markedUnread: isUnread }, options);
  }

  /**
   * Yields the receipts of the members of a chat, ordered by user id, without the sender of the
   * message `seq` and without members who read in private. A member has read the message if
   * `readSeq` is at least `seq`.
   * @throws {Refusal} `message-not-found` or `not-a-member`
   */
  receipts(channelId: number, seq: number, { size = 0, signal }: ListOptions = {}): AsyncGenerator<DatedReceipt, void> {
    return allPages(async (after) => {
      const { receipts, next } = await this.#ask(calls.listReceipts, { channelId, seq, page: { size, after } }, signal);
      return { items: receipts, next };
    });
  }

  /** Sets which messages of a chat notify this user. */
  async notify(channelId: number, level: NotifyLevel, { signal }: Abortable = {}): Promise<void> {
    await this.#ask(calls.setNotify, { channelId, notify: notifyLevels[level] }, signal);
  }

  /**
   * Fetches the direct chat with a user, and creates it if there is none.
   * @throws {Refusal} `user-not-found` or `create-too-often`
   */
  direct(userId: string, { signal }: Abortable = {}): Promise<Channel> {
    return this.#ask(calls.openDirect, User.fromPartial({ id: userId }), signal);
  }

  /**
   * Joins a public chat, accepts the offer of a chat, or returns to a direct chat that the user
   * left. Does nothing if the user is already a member.
   * @throws {Refusal} `channel-not-found`, `banned`, `channel-full` or `wrong-kind`
   */
  join(channelId: number, { signal }: Abortable = {}): Promise<Channel> {
    return this.#ask(calls.join, Invite.fromPartial({ channelId }), signal);
  }

  /**
   * Changes the settings of a channel, for its owner and admins. Resolves with the changed channel.
   * @throws {Refusal} `not-channel-admin`, `not-owner`, `invalid-channel` or `wrong-kind`
   */
  update(channelId: number, change: ChannelChange, { signal }: Abortable = {}): Promise<Channel> {
    return this.#ask(calls.updateChannel, UpdateChannelRequest.fromPartial({ ...change, id: channelId }), signal);
  }

  async #moveReceipt(
    receipt: Parameters<typeof UpdateReceiptRequest.fromPartial>[0],
    { signal }: Abortable,
  ): Promise<ChatSummary> {
    return summaryOf(await this.#ask(calls.updateReceipt, UpdateReceiptRequest.fromPartial(receipt), signal));
  }
}
