import { refuse } from '@parley/runtime';
import type { RelayLink } from './relay-link.js';
import type { RelayLinks, RelayWatcher } from './relay-links.js';

interface Waiter {
  readonly instanceId: string;
  readonly found: (link: RelayLink) => void;
}

/** Finds the link to a chat server, and waits for one that is being opened. */
export class LinkFinder implements RelayWatcher {
  readonly #links: Pick<RelayLinks, 'find' | 'openMissing' | 'watchers'>;
  readonly #waiters = new Set<Waiter>();

  constructor(links: Pick<RelayLinks, 'find' | 'openMissing' | 'watchers'>) {
    this.#links = links;
    links.watchers.add(this);
  }

  /**
   * Returns the link to a chat server.
   * @throws {Refusal} `unreachable` if there is none within `withinMs`.
   */
  find(instanceId: string, withinMs: number): Promise<RelayLink> {
    this.#links.openMissing();
    const known = this.#links.find(instanceId);
    if (known !== undefined) return Promise.resolve(known);
    return new Promise((resolve, reject) => {
      const waiter = { instanceId, found: resolve };
      this.#waiters.add(waiter);
      setTimeout(() => {
        this.#waiters.delete(waiter);
        reject(refuse('unreachable'));
      }, withinMs).unref();
    });
  }

  onOpen(link: RelayLink): void {
    for (const waiter of this.#waiters) if (waiter.instanceId === link.instanceId) waiter.found(link);
  }
}
