import type { RelayDown } from '@parley/contract';
import { limits, type Metrics, type Part } from '@parley/runtime';
import type { Feed } from '../inbox/feed.js';
import type { RelayLink } from '../relay/relay-link.js';
import type { RelayLinks, RelayWatcher } from '../relay/relay-links.js';
import type { UserSession } from './user-session.js';
import type { UserSessions } from './user-sessions.js';

/** A device that shows its user as present. */
export interface PresentDevice {
  /** The feeds of the chats that its inbox carries. */
  readonly feeds: readonly Feed[];
}

/** Presence of one session in one chat. */
interface Place {
  readonly link: RelayLink;
  readonly handle: number;
  /** Monotonic time until which the chat server refuses the user; 0: it does not. */
  refusedUntilMs: number;
}

/** The devices of one session, and where its user is present. */
interface PresentSession {
  readonly devices: Set<PresentDevice>;
  readonly places: Map<number, Place>;
  /** Monotonic time at which the last device left. */
  leftAtMs: number;
}

const tickEveryMs = 1_000;
/** Maximum numbers of sessions that one tick updates, and of chats that it enters. */
const sessionsPerTick = 200;
const entriesPerTick = 500;
/** Time within which a device may come back without its user being shown as gone. */
const graceMs = 10_000;
/** Delay before the next attempt after a refusal; shorter if the channel moves. */
const refusedMs = 5_000;
const movedMs = 2_000;

/**
 * While a device of a user has an open session, and for 10 s after that, shows the user as present
 * in those chats that have at most 100 members and a known owning server. Presence is a hint, so it
 * follows within some seconds, or a minute if 1,000 users come at once.
 */
export class PresenceKeeper implements RelayWatcher, Part {
  readonly #links: Pick<RelayLinks, 'ownerOf' | 'watchers'>;
  readonly #users: Pick<UserSessions, 'holderOf'>;
  readonly #sessions = new Map<UserSession, PresentSession>();
  readonly #timer: NodeJS.Timeout;
  #entries = 0;

  constructor(
    links: Pick<RelayLinks, 'ownerOf' | 'watchers'>,
    users: Pick<UserSessions, 'holderOf'>,
    metrics: Metrics,
  ) {
    metrics.gauge('parley_presences', 'chats in which users of inboxes are present', () => this.#size);
    this.#links = links;
    this.#users = users;
    links.watchers.add(this);
    this.#timer = setInterval(() => this.#tick(performance.now()), tickEveryMs).unref();
  }

  get #size(): number {
    let size = 0;
    for (const { places } of this.#sessions.values())
      for (const { refusedUntilMs } of places.values()) size += refusedUntilMs === 0 ? 1 : 0;
    return size;
  }

  /** Shows the user of a device as present. Returns a function that ends the presence. */
  open(session: UserSession, device: PresentDevice): () => void {
    const present = this.#sessions.get(session) ?? { devices: new Set(), places: new Map(), leftAtMs: 0 };
    this.#sessions.set(session, present);
    present.devices.add(device);
    session.devices += 1;
    return () => {
      if (!present.devices.delete(device)) return;
      session.devices -= 1;
      present.leftAtMs = performance.now();
    };
  }

  onDown(link: RelayLink, { channelId, closed }: RelayDown): void {
    if (closed === undefined || closed.handle === 0) return;
    const session = this.#users.holderOf(link, closed.handle);
    const place = session && this.#sessions.get(session)?.places.get(channelId);
    if (place?.link !== link) return;
    place.refusedUntilMs = performance.now() + (closed.goodbye?.reason === 'moved' ? movedMs : refusedMs);
  }

  onClose(link: RelayLink): void {
    for (const { places } of this.#sessions.values())
      for (const [channelId, place] of places) if (place.link === link) places.delete(channelId);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #tick(nowMs: number): void {
    this.#entries = 0;
    for (const [session, present] of [...this.#sessions].slice(0, sessionsPerTick)) {
      this.#sessions.delete(session); // The next tick begins with the sessions that this one did not update.
      const isOver = present.devices.size === 0 && nowMs - present.leftAtMs > graceMs;
      if (!isOver) this.#sessions.set(session, present);
      if (isOver) for (const [channelId, place] of present.places) leave(channelId, place);
      else if (present.devices.size > 0) this.#update(session, present, nowMs);
    }
  }

  #update(session: UserSession, { devices, places }: PresentSession, nowMs: number): void {
    const feeds = new Map<number, Feed>();
    for (const device of devices) for (const feed of device.feeds) feeds.set(feed.channelId, feed);
    for (const [channelId, place] of places) {
      if (feeds.has(channelId)) continue;
      leave(channelId, place);
      places.delete(channelId);
    }
    for (const feed of feeds.values()) this.#enter(session, places, feed, nowMs);
  }

  #enter(session: UserSession, places: Map<number, Place>, { channelId, members }: Feed, nowMs: number): void {
    const link = this.#links.ownerOf(channelId);
    if (link === undefined || members > limits.membersToldReceipts || this.#entries >= entriesPerTick) return;
    const handle = session.handleAt(link);
    const place = places.get(channelId);
    if (handle === undefined)
      session.attach(link).catch(() => {}); // The next tick enters the chat, or attaches again.
    else if (place?.link !== link || place.handle !== handle || isTriedAgain(place, nowMs)) {
      if (countAt(places, link) >= limits.relayPresences) return;
      this.#entries += 1;
      link.send({ channelId, enter: handle });
      places.set(channelId, { link, handle, refusedUntilMs: 0 });
    }
  }
}

function isTriedAgain({ refusedUntilMs }: Place, nowMs: number): boolean {
  return refusedUntilMs !== 0 && refusedUntilMs <= nowMs;
}

function countAt(places: ReadonlyMap<number, Place>, link: RelayLink): number {
  return [...places.values()].filter((place) => place.link === link).length;
}

function leave(channelId: number, { link, handle }: Place): void {
  link.send({ channelId, leave: handle });
}
