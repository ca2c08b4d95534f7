import type { Reason } from '@parley/runtime';
import type { RelayLink } from '../relay/relay-link.js';
import type { PostingStore } from '../store/posting-store.js';
import type { OwnerFinder } from './owner-finder.js';
import type { PostRoute } from './post-route.js';
import type { UserSession } from './user-session.js';

export interface ChatRouteDeps {
  readonly owners: OwnerFinder;
  readonly store: Pick<PostingStore, 'target'>;
}

/**
 * Number of attempts at the owning server that the relays know. Each later attempt first asks a
 * manager.
 */
const triesAtKnown = 2;

/** The route of posts to the owning server of a chat, even if the chat moves. */
export class ChatRoute implements PostRoute {
  readonly #deps: ChatRouteDeps;
  readonly #session: UserSession;
  readonly #channelId: number;

  constructor(deps: ChatRouteDeps, session: UserSession, channelId: number) {
    this.#deps = deps;
    this.#session = session;
    this.#channelId = channelId;
  }

  get #seeker() {
    return { channelId: this.#channelId, userId: this.#session.me.id };
  }

  find(tries: number): Promise<RelayLink> {
    const { owners } = this.#deps;
    return tries < triesAtKnown ? owners.find(this.#seeker) : owners.locate(this.#seeker);
  }

  attach(link: RelayLink): number | Promise<number> {
    return this.#session.handleAt(link) ?? this.#session.attach(link);
  }

  notTaken(link: RelayLink, handle: number, reason: Reason): void {
    if (reason === 'handle-gone') this.#session.forget(link, handle);
    else this.#deps.owners.forget(this.#channelId, link);
  }

  async hasMoved(link: RelayLink): Promise<boolean> {
    return (await this.#deps.owners.locate(this.#seeker).catch(() => link)) !== link;
  }

  onChange(changed: () => void): () => void {
    return this.#deps.owners.onChange(this.#channelId, changed);
  }

  async keepsHistory(): Promise<boolean> {
    return (await this.#deps.store.target(this.#channelId, this.#session.me.id))?.hasHistory === true;
  }
}
