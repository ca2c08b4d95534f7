import { refuse } from '@parley/runtime';
import { Buckets, type BurstRate } from '@parley/service-kit';
import type { Locator } from '../clients/locator.js';
import type { LinkFinder } from '../relay/link-finder.js';
import type { RelayLink } from '../relay/relay-link.js';
import type { RelayLinks, RelayWatcher } from '../relay/relay-links.js';
import type { PostingStore } from '../store/posting-store.js';

export interface OwnerFinderDeps {
  readonly links: Pick<RelayLinks, 'ownerOf' | 'watchers'>;
  readonly linkFinder: LinkFinder;
  readonly locator: Locator;
  readonly store: Pick<PostingStore, 'target'>;
}

/** The channel whose owning server to find, and the user who posts. */
export interface OwnerSeeker {
  readonly channelId: number;
  readonly userId: string;
}

interface LocatedOwner {
  readonly link: RelayLink;
  readonly atMs: number;
}

/** Rate at which one user may cause calls of Locate. */
const locateRate: BurstRate = { burst: 50, perSecond: 5 };
/**
 * Time for which the response of a manager counts. By then, the owning server has announced the
 * channel.
 */
const locatedMs = 5_000;
/**
 * Time for which a check of a user in a channel counts, and the maximum number of remembered
 * checks.
 */
const knownMs = 60_000;
const mostKnown = 100_000;
/** Time to wait for a relay to the located server. */
const relayWithinMs = 300;

/**
 * Finds the chat server that owns a channel. Asks a manager to place a chat that no server owns.
 */
export class OwnerFinder implements RelayWatcher {
  readonly #deps: OwnerFinderDeps;
  readonly #located = new Map<number, LocatedOwner>();
  readonly #locates = new Buckets<string>();
  /** Channels that a user is or was in, each with the time of the check. The oldest come first. */
  readonly #known = new Map<string, number>();
  /** Functions to call when the owning server of a channel changes. */
  readonly #listeners = new Map<number, Set<() => void>>();

  constructor(deps: OwnerFinderDeps) {
    this.#deps = deps;
    deps.links.watchers.add(this);
  }

  /**
   * Calls `changed` whenever a channel has got another owning server or none. Returns a function
   * that ends this.
   */
  onChange(channelId: number, changed: () => void): () => void {
    const listeners = this.#listeners.get(channelId) ?? new Set();
    this.#listeners.set(channelId, listeners.add(changed));
    return () => {
      listeners.delete(changed);
      if (listeners.size === 0) this.#listeners.delete(channelId);
    };
  }

  onOwners(channelIds: readonly number[]): void {
    for (const id of channelIds) for (const changed of this.#listeners.get(id) ?? []) changed();
  }

  /**
   * Returns the relay to the owning server, if that server is known. It is known if a manager has
   * just located it, or if it has announced the channel.
   */
  ownerOf(channelId: number): RelayLink | undefined {
    const located = this.#located.get(channelId)?.link;
    return located?.isOpen === true ? located : this.#deps.links.ownerOf(channelId);
  }

  /**
   * Returns the relay to the owning server. If no owning server is known, asks a manager, which
   * places the chat.
   * @throws {Refusal} if the user may not have the chat placed, if no server can take it, or if its
   * server cannot be reached yet.
   */
  async find(seeker: OwnerSeeker): Promise<RelayLink> {
    if (!this.#isKnown(seeker)) await this.#checkStranger(seeker);
    return this.ownerOf(seeker.channelId) ?? this.locate(seeker);
  }

  /** Like `find`, but always asks a manager, and does not check the user. */
  async locate({ channelId, userId }: OwnerSeeker): Promise<RelayLink> {
    const { locator, linkFinder } = this.#deps;
    const retryAfterMs = locator.isLocating(channelId) ? 0 : this.#locates.take(userId, locateRate);
    if (retryAfterMs > 0) throw refuse('listen-too-often', { retryAfterMs });
    const link = await linkFinder.find(await locator.locate(channelId), relayWithinMs);
    this.#located.set(channelId, { link, atMs: performance.now() });
    return link;
  }

  #isKnown({ channelId, userId }: OwnerSeeker): boolean {
    const checkedAtMs = this.#known.get(`${channelId} ${userId}`) ?? Number.NEGATIVE_INFINITY;
    return performance.now() - checkedAtMs < knownMs;
  }

  /**
   * Refuses a user who was never a member, before any chat server is asked, because the response
   * time must not reveal whether a hidden channel exists. The owning server checks all other users.
   */
  async #checkStranger({ channelId, userId }: OwnerSeeker): Promise<void> {
    const target = await this.#deps.store.target(channelId, userId);
    if (target === undefined || target.isDeleted) throw refuse('channel-not-found');
    if (target.kind === 'room') throw refuse('wrong-kind', { message: 'To post in a room, enter it in this session.' });
    if (!target.isKnown) throw refuse(target.kind === 'public' ? 'not-a-member' : 'channel-not-found');
    if (this.#known.size >= mostKnown) this.#known.clear();
    const key = `${channelId} ${userId}`;
    this.#known.delete(key); // The map stays in the order of the checks.
    this.#known.set(key, performance.now());
  }

  /** Forgets that a manager has named this server as the owning server. */
  forget(channelId: number, link: RelayLink): void {
    if (this.#located.get(channelId)?.link === link) this.#located.delete(channelId);
  }

  tick(nowMs: number): void {
    for (const [channelId, { atMs }] of this.#located) if (nowMs - atMs > locatedMs) this.#located.delete(channelId);
    for (const [key, checkedAtMs] of this.#known) {
      if (nowMs - checkedAtMs < knownMs) break;
      this.#known.delete(key);
    }
  }
}
