import type { FlushQueue } from '@parley/fanout';
import { type ChannelBounds, LiveChannel, type LoadedChannel } from './live-channel.js';

/** Channels that this process has in memory, by id. */
export class Channels {
  readonly #bounds: ChannelBounds;
  readonly #flushQueue: FlushQueue;
  readonly #live = new Map<number, LiveChannel>();

  constructor(bounds: ChannelBounds, flushQueue: FlushQueue) {
    this.#bounds = bounds;
    this.#flushQueue = flushQueue;
  }

  get size(): number {
    return this.#live.size;
  }

  find(id: number): LiveChannel | undefined {
    return this.#live.get(id);
  }

  /**
   * Returns the live channel of this ownership, and creates it if there is none. Drops a channel of
   * an older epoch.
   */
  open(opening: LoadedChannel, nowMs: number): LiveChannel {
    const { facts } = opening;
    const known = this.#live.get(facts.id);
    if (known !== undefined && known.facts.epoch >= facts.epoch) return known;
    known?.sent.end();
    const fresh = new LiveChannel(opening, this.#bounds, this.#flushQueue, nowMs);
    this.#live.set(facts.id, fresh);
    return fresh;
  }

  /**
   * Drops a channel, unless a newer ownership has taken its place. Open streams keep the object
   * until they end.
   */
  close(channel: LiveChannel): void {
    if (this.find(channel.facts.id) !== channel) return;
    this.#live.delete(channel.facts.id);
    channel.sent.end();
  }

  all(): LiveChannel[] {
    return [...this.#live.values()];
  }

  /** Returns the channels without streams, the longest empty first. */
  empty(): (LiveChannel & { readonly emptySinceMs: number })[] {
    const isEmpty = (channel: LiveChannel): channel is LiveChannel & { readonly emptySinceMs: number } =>
      channel.emptySinceMs !== undefined;
    return this.all()
      .filter(isEmpty)
      .sort((one, other) => one.emptySinceMs - other.emptySinceMs);
  }

  /** Bytes in all ring buffers. */
  get ringBytes(): number {
    return this.all().reduce((sum, { rings }) => sum + rings.entries.bytes + rings.lossy.bytes, 0);
  }
}
