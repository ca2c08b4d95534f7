import { type Flushable, type FlushQueue, levelFor, RingMemory } from '@parley/fanout';
import type { ChannelBounds, LoadedChannel } from './channel-settings.js';
import { LiveChannel } from './live-channel.js';

/** Bounds of each channel, and of all channels together. */
export type ChannelsBounds = Omit<ChannelBounds, 'ringMemory'> & {
  /** Memory of all rings. */
  readonly allRingsBytes: number;
};

/** Observer that learns which channels this process has in memory. */
export interface ChannelWatcher {
  onOpened(channel: LiveChannel): void;
  onClosed(channel: LiveChannel): void;
}

/** Share of their limit to which all rings shrink when together they are too large. */
const shrinkTo = 0.9;

/** Channels that this process has in memory, by id. */
export class Channels {
  readonly #bounds: ChannelBounds;
  readonly #flushQueue: FlushQueue;
  readonly #live = new Map<number, LiveChannel>();
  readonly #ringMemory: RingMemory;
  /** Watchers of the channels that open and close from now on. */
  readonly watchers = new Set<ChannelWatcher>();

  constructor({ allRingsBytes, ...bounds }: ChannelsBounds, flushQueue: FlushQueue) {
    const shrinking: Flushable = { flush: () => this.#shrinkRings(allRingsBytes * shrinkTo) };
    this.#ringMemory = new RingMemory(allRingsBytes, () => flushQueue.add(shrinking));
    this.#bounds = { ...bounds, ringMemory: this.#ringMemory };
    this.#flushQueue = flushQueue;
  }

  get size(): number {
    return this.#live.size;
  }

  find(id: number): LiveChannel | undefined {
    return this.#live.get(id);
  }

  /**
   * Returns the live channel of this epoch, creating it if needed. Drops a channel of an older
   * epoch.
   */
  open(opening: LoadedChannel, nowMs: number): LiveChannel {
    const { facts } = opening;
    const known = this.#live.get(facts.id);
    if (known !== undefined && known.facts.epoch >= facts.epoch) return known;
    known?.end();
    const fresh = new LiveChannel(opening, this.#bounds, this.#flushQueue, nowMs);
    this.#live.set(facts.id, fresh);
    for (const watcher of this.watchers) watcher.onOpened(fresh);
    return fresh;
  }

  /**
   * Drops a channel, unless a channel of a newer epoch has replaced it. Open streams keep the
   * object until they end.
   */
  close(channel: LiveChannel): void {
    if (this.find(channel.facts.id) !== channel) return;
    this.#live.delete(channel.facts.id);
    for (const watcher of this.watchers) watcher.onClosed(channel);
    channel.end();
  }

  all(): LiveChannel[] {
    return [...this.#live.values()];
  }

  /** Returns the channels without streams; those that have been empty longest come first. */
  empty(): (LiveChannel & { readonly emptySinceMs: number })[] {
    const isEmpty = (channel: LiveChannel): channel is LiveChannel & { readonly emptySinceMs: number } =>
      channel.emptySinceMs !== undefined;
    return this.all()
      .filter(isEmpty)
      .sort((one, other) => one.emptySinceMs - other.emptySinceMs);
  }

  /** Memory of all ring buffers, in bytes. */
  get ringBytes(): number {
    return this.#ringMemory.bytes;
  }

  /**
   * Drops the rings of empty channels, the longest empty first, and then the oldest messages of the
   * largest rings, until all rings fit into `target` bytes.
   */
  #shrinkRings(target: number): void {
    for (const channel of this.empty()) {
      if (this.ringBytes <= target) return;
      channel.shrinkRings(0);
    }
    const level = levelFor(
      this.all().map(({ ringBytes }) => ringBytes),
      target,
    );
    for (const channel of this.all()) if (channel.ringBytes > level) channel.shrinkRings(level);
  }
}
