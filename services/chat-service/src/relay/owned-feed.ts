import type { Owned, OwnedChannel } from '@parley/contract';
import { limits } from '@parley/runtime';
import type { Channels, ChannelWatcher } from '../core/channels.js';
import type { LiveChannel } from '../core/live-channel.js';

/** The part of `Owned` in one frame. */
export type OwnedNews = Pick<Owned, 'channels' | 'dropped' | 'next'>;

/**
 * Milliseconds between two announcements: `least` plus a random part of `jitter`. After a failover,
 * a server can suddenly own many more channels, and every gateway then follows some of them. The
 * first announcement is sent at once, because the users of a channel that moves wait for it.
 */
const pace = { least: 50, jitter: 100 } as const;

/** Tells one relay which channels this server owns: first in pages on request, then as changes. */
export class OwnedFeed implements ChannelWatcher {
  readonly #channels: Channels;
  readonly #announce: (news: OwnedNews) => void;
  /**
   * Ids of the channels at the time of the request for the first page. Kept until the last page is
   * read.
   */
  #ids: readonly number[] = [];
  /** Channels that opened (true) or closed since the last announcement. */
  #news = new Map<number, { readonly epoch: number; readonly isOwned: boolean }>();
  #timer: NodeJS.Timeout | undefined;
  /** Monotonic time before which nothing is announced. */
  #nextAtMs = 0;

  constructor(channels: Channels, announce: (news: OwnedNews) => void) {
    this.#channels = channels;
    this.#announce = announce;
  }

  /**
   * Returns the page after a channel. Channels that open after the first page are announced as
   * changes.
   */
  page(afterChannelId: number): OwnedNews {
    if (afterChannelId === 0) this.#begin();
    const from = this.#ids.findIndex((id) => id > afterChannelId);
    const ids = from < 0 ? [] : this.#ids.slice(from, from + limits.ownedPage);
    const next = from + ids.length < this.#ids.length ? (ids.at(-1) ?? 0) : 0;
    if (next === 0) this.#ids = [];
    return { channels: ids.flatMap((id) => this.#ownedOf(id)), dropped: [], next };
  }

  #begin(): void {
    this.#channels.watchers.add(this);
    this.#ids = this.#channels
      .all()
      .filter(({ moving }) => !moving)
      .map(({ facts }) => facts.id)
      .sort((one, other) => one - other);
  }

  #ownedOf(channelId: number): OwnedChannel[] {
    const channel = this.#channels.find(channelId);
    return channel === undefined || channel.moving ? [] : [{ channelId, epoch: channel.facts.epoch }];
  }

  onOpened({ facts }: LiveChannel): void {
    this.#note(facts, true);
  }

  onClosed({ facts }: LiveChannel): void {
    this.#note(facts, false);
  }

  #note({ id, epoch }: LiveChannel['facts'], isOwned: boolean): void {
    this.#news.delete(id);
    this.#news.set(id, { epoch, isOwned });
    this.#schedule();
  }

  #schedule(): void {
    this.#timer ??= setTimeout(() => this.#tell(), Math.max(0, this.#nextAtMs - performance.now()));
  }

  #tell(): void {
    const some = [...this.#news].slice(0, limits.ownedPage);
    for (const [id] of some) this.#news.delete(id);
    const listed = (owned: boolean) =>
      some.filter(([, { isOwned }]) => isOwned === owned).map(([channelId, { epoch }]) => ({ channelId, epoch }));
    this.#announce({ channels: listed(true), dropped: listed(false), next: 0 });
    this.#nextAtMs = performance.now() + pace.least + Math.random() * pace.jitter;
    this.#timer = undefined;
    if (this.#news.size > 0) this.#schedule();
  }

  end(): void {
    this.#channels.watchers.delete(this);
    clearTimeout(this.#timer);
  }
}
