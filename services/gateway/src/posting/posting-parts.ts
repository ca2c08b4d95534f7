import type { Pool } from '@parley/database';
import type { Logger, Metrics, Part } from '@parley/runtime';
import type { UserCaller } from '@parley/service-kit';
import { Locator, type LocatorDeps } from '../clients/locator.js';
import type { Feeds } from '../inbox/feeds.js';
import type { DeviceActor } from '../inbox/session.js';
import type { LinkFinder } from '../relay/link-finder.js';
import type { RelayLinks } from '../relay/relay-links.js';
import { type MovedReceipt, PostingStore } from '../store/posting-store.js';
import { OwnerFinder } from './owner-finder.js';
import { Posting } from './posting.js';
import { PresenceKeeper } from './presence-keeper.js';
import { ReceiptKeeper } from './receipt-keeper.js';
import { UserSessions } from './user-sessions.js';

export interface PostingPartsDeps extends LocatorDeps {
  readonly pool: Pool;
  readonly links: RelayLinks;
  readonly linkFinder: LinkFinder;
  readonly feeds: Feeds;
  /** Called with each receipt that this gateway has moved. */
  readonly announce: (moved: MovedReceipt) => void;
  readonly log: Logger;
  readonly metrics: Metrics;
}

const tickEveryMs = 1_000;

/** The writing half of the inbox: posts, receipts and presence of users. */
export class PostingParts implements Part {
  readonly #users: UserSessions;
  readonly #posting: Posting;
  readonly #receipts: ReceiptKeeper;
  readonly #presence: PresenceKeeper;
  readonly #timer: NodeJS.Timeout;

  constructor({ pool, links, linkFinder, feeds, announce, log, metrics, ...locatorDeps }: PostingPartsDeps) {
    const store = new PostingStore(pool);
    const owners = new OwnerFinder({ links, linkFinder, locator: new Locator(locatorDeps), store });
    this.#users = new UserSessions(links);
    this.#receipts = new ReceiptKeeper({ links, store, feeds, announce, log, metrics });
    this.#presence = new PresenceKeeper(links, this.#users, metrics);
    this.#posting = new Posting({ owners, store, receipts: this.#receipts, metrics });
    links.needs.add(() => this.#users.size > 0);
    this.#timer = setInterval(() => {
      this.#users.tick(performance.now());
      owners.tick(performance.now());
    }, tickEveryMs).unref();
  }

  /** Returns an actor for a device with this token. */
  readonly actorOf = (me: UserCaller, token: string): DeviceActor => {
    const session = this.#users.of(me, token);
    return {
      post: (message, room) => this.#posting.post(session, message, room),
      appear: (reader) => this.#presence.open(session, reader),
    };
  };

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#presence.stop();
    await this.#receipts.stop();
  }
}
