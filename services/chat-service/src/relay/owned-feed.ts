import type { Owned, OwnedChannel } from '@parley/contract';
import { limits } from '@parley/runtime';
import type { Channels, ChannelWatcher } from '../core/channels.js';
import type { LiveChannel } from '../core/live-channel.js';

/** The part of `Owned` in one frame. */
export type OwnedNews = Pick<Owned, 'channels' | 'dropped' | 'next'>;

/**
 * Milliseconds between two announcements of channels that opened: `least` plus a random part of
 * `jitter`. After a failover, a server can suddenly own many more channels, and every gateway then
 * follows some of them. Channels that closed are announced at once, because their users wait.
 */
const pace = { least: 50, jitter: 100 } as const;

/** Takes up to a page of channels out of a list of ids and epochs. */
function takePage(news: Map<number, number>): OwnedChannel[] {
  const page = [...news].slice(0, limits.ownedPage);
  for (const [id] of page) news.delete(id);
  return page.map(([channelId, epoch]) => ({ channelId, epoch }));
}

/** Tells one relay which channels this server owns: first in pages on request, then as changes. */
export class OwnedFeed implements ChannelWatcher {
  readonly #channels: Channels;
  readonly #announce: (news: OwnedNews) => void;
  /**
   * Ids of the channels at the time of the request for the first page. Kept until the last page is
   * read.
   */
  #ids: readonly number[] = [];
  /** Epochs of the channels that opened or closed since the last announcement, by channel. */
  readonly #opened = new Map<number, number>();
  readonly #closed = new Map<number, number>();
  #openedTimer: NodeJS.Timeout | undefined;
  #closedTimer: NodeJS.Timeout | undefined;
  /** Monotonic time before which no channel that opened is announced. */
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

  onOpened({ facts: { id, epoch } }: LiveChannel): void {
    this.#opened.set(id, epoch);
    this.#scheduleOpened();
  }

  onClosed({ facts: { id, epoch } }: LiveChannel): void {
    this.#opened.delete(id);
    this.#closed.set(id, epoch);
    this.#scheduleClosed();
  }

  #scheduleOpened(): void {
    if (this.#opened.size === 0) return;
    this.#openedTimer ??= setTimeout(() => this.#tellOpened(), Math.max(0, this.#nextAtMs - performance.now()));
  }

  /** Schedules one announcement for all channels that close in this turn of the event loop. */
  #scheduleClosed(): void {
    if (this.#closed.size > 0) this.#closedTimer ??= setTimeout(() => this.#tellClosed(), 0);
  }

  #tellOpened(): void {
    this.#openedTimer = undefined;
    const channels = takePage(this.#opened);
    if (channels.length > 0) this.#announce({ channels, dropped: [], next: 0 });
    this.#nextAtMs = performance.now() + pace.least + Math.random() * pace.jitter;
    this.#scheduleOpened();
  }

  #tellClosed(): void {
    this.#closedTimer = undefined;
    this.#announce({ channels: [], dropped: takePage(this.#closed), next: 0 });
    this.#scheduleClosed();
  }

  end(): void {
    this.#channels.watchers.delete(this);
    clearTimeout(this.#openedTimer);
    clearTimeout(this.#closedTimer);
  }
}
