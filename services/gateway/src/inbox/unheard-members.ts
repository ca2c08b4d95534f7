import { limits } from '@parley/runtime';
import type { Feed } from './feed.js';
import type { UserInChannel } from './missed.js';

/** Maximum number of memberships that one round examines. */
const roundMembers = 20_000;

/** Memberships that may have changed without a notification. */
export interface UnheardPart {
  readonly feeds: readonly Feed[];
  /** Time since when they may have changed, by the clock of this process. */
  readonly sinceMs: number;
  /** Small chats, in which everybody sees the receipts of all members. */
  readonly channelIds: readonly number[];
  /** The users of this gateway in the other chats. */
  readonly members: readonly UserInChannel[];
}

/**
 * Chats whose receipts and settings must be read again, because their notifications may be lost. A
 * round takes a part of them.
 */
export class UnheardMembers {
  readonly #feeds = new Set<Feed>();
  #sinceMs = Number.POSITIVE_INFINITY;

  /** Adds chats. `sinceMs` is the time since when they may have changed, by the clock of this process. */
  add(feeds: Iterable<Feed>, sinceMs: number): void {
    for (const feed of feeds) this.#feeds.add(feed);
    this.#sinceMs = Math.min(this.#sinceMs, sinceMs);
  }

  /** Takes as many chats as one round has room for. */
  take(): UnheardPart {
    const feeds: Feed[] = [];
    const [channelIds, members]: [number[], UserInChannel[]] = [[], []];
    let room = roundMembers;
    for (const feed of this.#feeds) {
      const { channelId } = feed;
      const isSmall = feed.members <= limits.membersToldReceipts;
      const userIds = isSmall ? [] : [...feed.userIds];
      room -= isSmall ? feed.members : userIds.length;
      if (room < 0 && feeds.length > 0) break;
      this.#feeds.delete(feed);
      feeds.push(feed);
      if (isSmall) channelIds.push(channelId);
      else members.push(...userIds.map((userId) => ({ channelId, userId })));
    }
    const part = { feeds, sinceMs: this.#sinceMs, channelIds, members };
    if (this.#feeds.size === 0) this.#sinceMs = Number.POSITIVE_INFINITY;
    return part;
  }
}
