import { type EnterRoom, type RelayDown, Resume } from '@parley/contract';
import { type Metrics, type Part, type Refusal, refuse } from '@parley/runtime';
import { asRefusal, joinToken, type TokenKind, type TrustedKeys } from '@parley/service-kit';
import * as z from 'zod';
import type { Feed } from '../inbox/feed.js';
import type { Feeds } from '../inbox/feeds.js';
import type { InboxReader } from '../inbox/reader.js';
import type { FeedFollows } from '../relay/feed-follows.js';
import type { LinkFinder } from '../relay/link-finder.js';
import type { RelayLink } from '../relay/relay-link.js';
import type { RelayLinks, RelayWatcher } from '../relay/relay-links.js';
import type { LivingServers } from '../store/living-servers.js';
import { type RoomFarewell, RoomStay, type TakenSeat } from './room-stay.js';

export interface RoomStaysDeps {
  readonly keys: Pick<TrustedKeys, 'verify'>;
  readonly links: Pick<RelayLinks, 'ownerOf' | 'watchers'>;
  readonly linkFinder: LinkFinder;
  readonly feeds: Pick<Feeds, 'open' | 'find' | 'drop'>;
  readonly follows: Pick<FeedFollows, 'isShownBy'>;
  readonly living: Pick<LivingServers, 'all'>;
  readonly metrics: Metrics;
}

/**
 * The claims of a join token that the gateway reads: user, room and chat server. The chat server
 * checks the rest.
 */
const forRelay: TokenKind<{ readonly sub: string; readonly ch: number; readonly aud: string }> = {
  ...joinToken,
  claims: z.object({ sub: z.string(), ch: z.number(), aud: z.uuid() }),
};

const tickEveryMs = 1_000;
/** Time to wait for a relay to the chat server of a token. A new server is found within two seconds. */
const relayWithinMs = 5_000;
/** Reasons without a retry hint after which a user may Listen again. */
const again: ReadonlySet<string> = new Set(['seat-gone', 'handle-gone', 'too-slow', 'long-stream', 'idle']);

/** Returns the goodbye for a refusal. */
export function roomFarewell({ reason, message, retryAfterMs }: Refusal): RoomFarewell {
  return { reason, message, retryAfterMs, listenAgain: again.has(reason) || retryAfterMs > 0 };
}

/** The stays in rooms of this gateway. */
export class RoomStays implements RelayWatcher, Part {
  readonly #deps: RoomStaysDeps;
  readonly #stays = new Map<number, Set<RoomStay>>();
  readonly #timer: NodeJS.Timeout;

  constructor(deps: RoomStaysDeps) {
    this.#deps = deps;
    deps.links.watchers.add(this);
    deps.metrics.gauge('parley_room_stays', 'stays of devices in rooms', () => this.#all.length);
    this.#timer = setInterval(() => this.#tick(performance.now()), tickEveryMs).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  get #all(): RoomStay[] {
    return [...this.#stays.values()].flatMap((inRoom) => [...inRoom]);
  }

  /**
   * Takes the seat of a join token. Calls `begin` with the seat before any later frame about it is
   * handled.
   * @throws {Refusal} of the token or the chat server, or `unreachable`.
   */
  async take(request: EnterRoom, userId: string, begin: (seat: TakenSeat) => void): Promise<void> {
    const { channelId, token, log, afterSeq } = request;
    const { claims } = await this.#deps.keys.verify(token, forRelay, undefined);
    if (claims.sub !== userId) throw refuse('invalid-token', { message: 'That join token is of another user.' });
    if (claims.ch !== channelId) throw refuse('invalid-token', { message: 'That join token is for another channel.' });
    const link = await this.#deps.linkFinder.find(claims.aud, relayWithinMs);
    const onAnswer = ({ handle, welcome }: RelayDown) => {
      if (handle === undefined || welcome === undefined) return;
      begin({ link, handle, welcome, seq: welcome.resume === Resume.WHOLE ? afterSeq : welcome.lastSeq });
    };
    const asked = link.ask({ channelId, attach: { token, log, afterSeq } }, onAnswer);
    const { welcome } = await asked.catch((cause: unknown) => {
      throw link.isOpen ? cause : refuse('unreachable', { cause });
    });
    if (welcome === undefined) throw refuse('internal');
  }

  /**
   * Begins the stay of a device with a seat. The welcome follows when the gateway follows the room.
   */
  begin(seat: TakenSeat, reader: InboxReader, onEnd: (stay: RoomStay) => void): RoomStay {
    const { link } = seat;
    const feed = this.#feedOf(seat);
    const stay = new RoomStay(seat, feed, reader, (ended) => {
      this.#forget(ended);
      onEnd(ended);
    });
    const { channelId } = feed;
    this.#stays.set(channelId, (this.#stays.get(channelId) ?? new Set()).add(stay));
    if (this.#deps.follows.isShownBy(link, channelId)) stay.show();
    return stay;
  }

  /** Returns the feed of a room, or opens one at the seq before the first entry. */
  #feedOf({ link, welcome, seq }: TakenSeat): Feed {
    const { channel, log, here, now } = welcome;
    const channelId = channel?.id ?? 0;
    const known = this.#deps.feeds.find(channelId);
    if (known !== undefined) return known;
    const isStored = channel?.retention?.nothing !== true;
    const end = { channelId, lastSeq: seq, lastAtMs: now, ownerId: link.instanceId, members: here };
    const feed = this.#deps.feeds.open({ ...end, log: isStored ? log : '' }, 0);
    if (!isStored) feed.restart({ log, lastSeq: seq, lastAtMs: now });
    return feed;
  }

  #forget(stay: RoomStay): void {
    const inRoom = this.#stays.get(stay.channelId);
    inRoom?.delete(stay);
    if (inRoom?.size !== 0) return;
    this.#stays.delete(stay.channelId);
    this.#deps.feeds.drop(stay.feed);
  }

  onDown(link: RelayLink, { channelId, closed, following }: RelayDown): void {
    const ofServer = [...(this.#stays.get(channelId) ?? [])].filter((stay) => stay.link.instanceId === link.instanceId);
    if (following !== undefined) for (const stay of ofServer) stay.show(following.presence);
    if (closed === undefined || closed.handle === 0 || closed.goodbye === undefined) return;
    for (const stay of ofServer) if (stay.handle === closed.handle) stay.end(closed.goodbye);
  }

  /** Ends stays in rooms that another server owns now. */
  onOwners(channelIds: readonly number[]): void {
    for (const channelId of channelIds) {
      const ownerId = this.#deps.links.ownerOf(channelId)?.instanceId;
      for (const stay of [...(this.#stays.get(channelId) ?? [])])
        if (ownerId !== undefined && ownerId !== stay.link.instanceId) stay.end(roomFarewell(refuse('moved')));
    }
  }

  onClose(link: RelayLink): void {
    for (const stay of this.#all) if (stay.link === link) stay.noteBreak();
  }

  onOpen(link: RelayLink): void {
    for (const stay of this.#all) if (stay.link.instanceId === link.instanceId) void this.#takeBack(stay, link);
  }

  /** Takes the seat of a stay again after its relay broke. */
  async #takeBack(stay: RoomStay, link: RelayLink): Promise<void> {
    const { channelId, handle } = stay;
    try {
      await link.ask({ channelId, attach: { handle } }, () => stay.noteReturn(link));
    } catch (thrown) {
      if (link.isOpen) stay.end(roomFarewell(asRefusal(thrown)));
    }
  }

  /** Ends stays whose chat server is dead, or was silent for too long. */
  #tick(nowMs: number): void {
    const living = new Set(this.#deps.living.all.map(({ instanceId }) => instanceId));
    for (const stay of this.#all)
      if (stay.isLost(nowMs) || (!stay.link.isOpen && !living.has(stay.link.instanceId)))
        stay.end(roomFarewell(refuse('unreachable')));
  }
}
