import type { Owned } from '@parley/contract';
import type { RelayLink } from './relay-link.js';

/**
 * The highest known epoch of a channel. `link` is undefined if the owning server has dropped the
 * channel.
 */
interface Claim {
  readonly epoch: number;
  readonly link: RelayLink | undefined;
  readonly atMs: number;
}

/** Maximum number of known channels. Others are read from the table. */
const maxClaims = 1_000_000;
/** Time for which a dropped channel is remembered. No older statement can arrive after it. */
const droppedMs = 60_000;

/**
 * Knows which chat server owns each channel. If two statements differ, the one with the higher
 * epoch counts.
 */
export class ChannelOwners {
  readonly #claims = new Map<number, Claim>();

  get size(): number {
    return this.#claims.size;
  }

  ownerOf(channelId: number): RelayLink | undefined {
    return this.#claims.get(channelId)?.link;
  }

  /** Applies a statement of a chat server. Returns the channels whose owning server has changed. */
  apply(link: RelayLink, { channels, dropped }: Pick<Owned, 'channels' | 'dropped'>): number[] {
    const gained = channels.filter(({ channelId, epoch }) => this.#claim(channelId, epoch, link));
    const lost = dropped.filter(
      ({ channelId, epoch }) => this.ownerOf(channelId) === link && this.#claim(channelId, epoch, undefined),
    );
    return [...gained, ...lost].map(({ channelId }) => channelId);
  }

  #claim(channelId: number, epoch: number, link: RelayLink | undefined): boolean {
    const known = this.#claims.get(channelId);
    if (known === undefined ? this.#claims.size >= maxClaims : known.epoch > epoch) return false;
    this.#claims.set(channelId, { epoch, link, atMs: performance.now() });
    return known?.link !== link;
  }

  /** Forgets the owning server of every channel that the server of this link owns. */
  lose(lost: RelayLink): void {
    for (const [channelId, { epoch, link }] of this.#claims)
      if (link === lost) this.#claims.set(channelId, { epoch, link: undefined, atMs: performance.now() });
  }

  /** Forgets channels that were dropped long ago. */
  tick(nowMs: number): void {
    for (const [channelId, { link, atMs }] of this.#claims)
      if (link === undefined && nowMs - atMs > droppedMs) this.#claims.delete(channelId);
  }
}
