import { type Following, Message, type RelayDown } from '@parley/contract';
import type { Metrics } from '@parley/runtime';
import { entryOf, messageEvent } from '../inbox/event-frames.js';
import type { Feed } from '../inbox/feed.js';
import type { Feeds, FeedWatcher } from '../inbox/feeds.js';
import type { ChannelFrame } from './down-frames.js';
import type { RelayLink } from './relay-link.js';
import type { RelayLinks, RelayWatcher } from './relay-links.js';

/** A request to follow a channel, and its result. */
interface Follow {
  /** Id of the request, which every frame repeats. */
  readonly id: number;
  readonly feed: Feed;
  readonly link: RelayLink;
  /** Log of the frames, once the chat server has answered. */
  log: string | undefined;
  /** When the chat server refused or ended the follow. */
  overAtMs: number | undefined;
}

/** Follows that begin or end in one turn of the event loop. */
const perTurn = 100;
/** Delay before a channel is followed again at a chat server that has refused or ended the follow. */
const againAfterMs = 1_000;

/** Follows the channels of the feeds of this gateway over the relays. */
export class FeedFollows implements RelayWatcher, FeedWatcher {
  readonly #feeds: Feeds;
  readonly #links: RelayLinks;
  /** Reads the table now. */
  readonly #readNow: () => void;
  readonly #follows = new Map<number, Follow>();
  readonly #ofLink = new Map<RelayLink, Set<Follow>>();
  /** Channels to follow or to leave. */
  readonly #changed = new Set<number>();
  #isScheduled = false;
  readonly #frames = { entry: 0, event: 0, dropped: 0 };

  constructor(feeds: Feeds, links: RelayLinks, readNow: () => void, metrics: Metrics) {
    this.#feeds = feeds;
    this.#links = links;
    this.#readNow = readNow;
    feeds.watchers.add(this);
    links.watchers.add(this);
    links.needs.add(() => feeds.size > 0);
    const count = () => [...this.#follows.values()].filter(({ feed }) => feed.isFollowed).length;
    metrics.gauge('parley_followed_channels', 'channels that relays show in inboxes', count);
    const help = 'frames of followed channels: entries, other events, and those that were dropped as too late';
    metrics.totals('parley_relay_frames_total', help, 'kind', () => this.#frames);
  }

  /** Returns whether a chat server has begun to show a channel. */
  isShownBy(link: RelayLink, channelId: number): boolean {
    const follow = this.#follows.get(channelId);
    return follow?.link === link && follow.log !== undefined && follow.overAtMs === undefined;
  }

  onFeed({ channelId }: Feed): void {
    this.#change([channelId]);
  }

  onDropped({ channelId }: Feed): void {
    this.#change([channelId]);
  }

  onOwners(channelIds: readonly number[]): void {
    this.#change(channelIds.filter((id) => this.#feeds.find(id) !== undefined || this.#follows.has(id)));
  }

  onClose(link: RelayLink): void {
    const lost = [...(this.#ofLink.get(link) ?? [])];
    for (const follow of lost) this.#forget(follow);
    this.#ofLink.delete(link);
    this.#compare(...lost.map(({ feed }) => feed));
  }

  /** Marks that no entry is missing any more, or follows the channel again from its new place. */
  onCompared(feed: Feed): void {
    const follow = this.#follows.get(feed.channelId);
    if (follow?.log === undefined || follow.overAtMs !== undefined) this.#change([feed.channelId]);
    else if (follow.log === feed.log) feed.isFollowed = true;
    else this.#end(follow, performance.now());
  }

  onFrame(link: RelayLink, { id, channelId, message: bytes }: ChannelFrame): void {
    const follow = this.#current(link, id, channelId);
    if (follow?.log === undefined) {
      this.#frames.dropped += 1;
      return;
    }
    const message = Message.decode(bytes);
    this.#frames[message.seq > 0 ? 'entry' : 'event'] += 1;
    if (message.seq === 0) follow.feed.flash({ bytes: messageEvent(channelId, bytes), plain: false });
    else if (!follow.feed.offer(follow.log, entryOf(channelId, message, bytes))) this.#compare(follow.feed);
  }

  onDown(link: RelayLink, { id, channelId, following, closed, ping }: RelayDown): void {
    if (ping !== undefined) this.#shown(link, ping.shownUntil * 1_000);
    const follow = this.#current(link, id, channelId);
    if (follow === undefined) return;
    if (following !== undefined) this.#begin(follow, following);
    if (closed?.handle !== 0) return;
    this.#end(follow, closed.goodbye?.reason === 'behind' ? Number.NEGATIVE_INFINITY : performance.now());
    this.#compare(follow.feed);
  }

  /** Returns the follow with this id, unless it was replaced or has ended. */
  #current(link: RelayLink, id: number, channelId: number): Follow | undefined {
    const follow = this.#follows.get(channelId);
    return follow?.id === id && follow.link === link && follow.overAtMs === undefined ? follow : undefined;
  }

  /** Begins a follow. Entries that the follow does not deliver are first read from the table. */
  #begin(follow: Follow, { log, firstSeq, stored }: Following): void {
    const { feed } = follow;
    follow.log = log;
    const isUnstored = !feed.isStored && !stored;
    if (isUnstored && log !== feed.log) this.#beginLog(follow, log, firstSeq);
    else if (isUnstored) feed.skipTo(firstSeq - 1); // No table has the missing entries.
    if (log === feed.log && firstSeq <= feed.seq + 1) feed.isFollowed = true;
    else this.#compare(feed);
  }

  /**
   * Begins the log of a channel without history, which only its owning server knows. If the log is
   * newer than the feed, follows it from its first entry.
   */
  #beginLog({ feed, link }: Follow, log: string, firstSeq: number): void {
    const isYounger = feed.log !== '' || feed.onlyOwnerId !== link.instanceId;
    feed.restart({ log, lastSeq: isYounger ? 0 : firstSeq - 1, lastAtMs: feed.lastAtMs });
    if (isYounger && firstSeq > 1) this.#follow(feed, link);
  }

  /** Notes the time up to which everything in the channels of a relay was shown. */
  #shown(link: RelayLink, untilMicros: number): void {
    if (untilMicros === 0) return;
    for (const { feed } of this.#ofLink.get(link) ?? [])
      if (feed.isFollowed && !this.#feeds.isBehind(feed)) feed.shownUntil = untilMicros;
  }

  #compare(...feeds: readonly Feed[]): void {
    for (const feed of feeds) this.#feeds.compare(feed);
    if (feeds.length > 0) this.#readNow();
  }

  #change(channelIds: readonly number[]): void {
    for (const id of channelIds) this.#changed.add(id);
    if (this.#isScheduled || this.#changed.size === 0) return;
    this.#isScheduled = true;
    setImmediate(() => this.#changeSome());
  }

  /**
   * Follows and leaves a limited number of channels, so that a large number does not delay other
   * work.
   */
  #changeSome(): void {
    this.#isScheduled = false;
    const some = [...this.#changed].slice(0, perTurn);
    for (const channelId of some) {
      this.#changed.delete(channelId);
      this.#settle(channelId);
    }
    this.#change([]);
  }

  /** Makes the gateway follow a channel at its owning server, and nowhere else. */
  #settle(channelId: number): void {
    const feed = this.#feeds.find(channelId);
    const owner = feed === undefined ? undefined : this.#links.ownerOf(channelId);
    const known = this.#follows.get(channelId);
    const isRight = known !== undefined && known.feed === feed && known.link === owner;
    if (isRight && performance.now() - (known.overAtMs ?? Number.POSITIVE_INFINITY) < againAfterMs) return;
    if (known !== undefined && !isRight) this.#leave(known);
    if (feed !== undefined && owner !== undefined) this.#follow(feed, owner);
  }

  #follow(feed: Feed, link: RelayLink): void {
    const { channelId, log, seq } = feed;
    const known = this.#follows.get(channelId);
    if (known !== undefined) this.#forget(known);
    const id = link.send({ channelId, follow: { log, afterSeq: seq } });
    const follow = { id, feed, link, log: undefined, overAtMs: undefined };
    this.#follows.set(channelId, follow);
    this.#ofLink.set(link, (this.#ofLink.get(link) ?? new Set()).add(follow));
  }

  #leave(follow: Follow): void {
    const { feed, link } = follow;
    const { channelId } = feed;
    this.#forget(follow);
    if (follow.overAtMs === undefined) link.send({ channelId, unfollow: true });
    if (this.#feeds.find(channelId) === feed) this.#compare(feed);
  }

  #forget(follow: Follow): void {
    follow.feed.isFollowed = false;
    this.#follows.delete(follow.feed.channelId);
    this.#ofLink.get(follow.link)?.delete(follow);
  }

  #end(follow: Follow, atMs: number): void {
    follow.overAtMs = atMs;
    follow.feed.isFollowed = false;
  }
}
