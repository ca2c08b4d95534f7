import type { ChannelRow, EndedStay, InboxChange, LogEnd, MembershipRow } from '../store/inbox-store.js';
import { addedEvent, changedEvent } from './channel-event.js';
import { membershipEvent } from './event-frames.js';
import type { Feeds } from './feeds.js';
import type { InboxReader } from './reader.js';
import type { RoundFacts } from './round.js';

/** A stay of a user, and its chat. */
interface StayFacts {
  readonly stay: MembershipRow;
  readonly channel: ChannelRow;
  readonly end: LogEnd;
}

/** Tells readers of changes: chats that they joined or left, and changed settings. */
export class ChangeTeller {
  readonly #feeds: Feeds;
  readonly #facts: RoundFacts;

  constructor(feeds: Feeds, facts: RoundFacts) {
    this.#feeds = feeds;
    this.#facts = facts;
  }

  /** Tells all readers of all changes. */
  tellAll(readersOf: (userId: string) => Iterable<InboxReader>): void {
    for (const change of this.#facts.changes) this.tell(change, readersOf);
  }

  /** Tells all readers whom a change concerns. */
  tell(change: InboxChange, readersOf: (userId: string) => Iterable<InboxReader>): void {
    const { kind, channelId, userIds } = change;
    const [feed, channel] = [this.#feeds.find(channelId), this.#facts.channels.get(channelId)];
    if (feed?.isFollowed === false) this.#feeds.compare(feed); // A manager may have written an entry.
    if (kind === 'member_added' || kind === 'member_removed' || kind === 'member_changed') {
      for (const userId of userIds) for (const reader of readersOf(userId)) this.#tellMember(change, reader);
      return;
    }
    if (feed === undefined || channel === undefined) return;
    this.#feeds.compare(feed);
    if (kind === 'chat_deleted') feed.endAll();
    if (kind === 'chat_changed') feed.tellAll(changedEvent(channel));
  }

  /**
   * Tells one reader of a change of its own membership. The event may be old, so the membership in
   * the table decides. A user who left in an earlier log has no membership in the table.
   */
  #tellMember({ kind, channelId, ended }: InboxChange, reader: InboxReader): void {
    const stay = this.#facts.stays.get(reader.userId)?.get(channelId);
    const channel = this.#facts.channels.get(channelId);
    const end = this.#facts.ends.get(channelId);
    if (channel === undefined || channel.deleted || end === undefined) return;
    const feed = this.#feeds.find(channelId);
    if (stay === undefined && kind === 'member_removed') feed?.removeNow(reader.userId);
    if (stay === undefined) return;
    const over = ended[reader.userId];
    if (over !== undefined && over.log === end.log) this.#endStay(reader, over, { stay, channel, end });
    else if (stay.leftSeq !== null) {
      if (feed?.isStored === true) feed.remove(reader.userId, stay.leftSeq);
      else feed?.removeNow(reader.userId); // No entry shows the removal.
    } else if (kind === 'member_changed') {
      reader.send(changedEvent(channel));
      reader.send(membershipEvent(stay));
    } else if (kind === 'member_added') this.#enter(reader, { stay, channel, end });
  }

  /**
   * Ends a stay at its last entry. If the stay began and ended between two rounds, first shows it.
   */
  #endStay(reader: InboxReader, { after, until }: EndedStay, facts: StayFacts): void {
    const feed = this.#feeds.find(facts.end.channelId);
    feed?.remove(reader.userId, until);
    if (feed === undefined || !reader.knows(feed, after))
      this.#enter(reader, { ...facts, stay: { ...facts.stay, sinceSeq: after } }, until);
  }

  /**
   * Lets the reader follow a chat, starting with the entry of the join. A new feed starts right
   * before that entry. `untilSeq` is the seq of the last entry, if the stay is over.
   */
  #enter(reader: InboxReader, { stay, channel, end }: StayFacts, untilSeq?: number): void {
    const feed = this.#feeds.open({ ...end, lastSeq: Math.min(end.lastSeq, stay.sinceSeq) }, 0);
    this.#feeds.compare(feed);
    reader.enter({ feed, stay, untilSeq, added: addedEvent(channel) });
  }
}
