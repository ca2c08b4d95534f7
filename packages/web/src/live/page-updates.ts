import { pagePath } from '../state/page-files.js';
import { Store } from '../state/store.js';

/** Minimum time between two checks for a new version, in milliseconds. */
const checkEveryMs = 3_600_000;

/**
 * Whether this page is the newest one; `older` if a reload would show a newer version, and `replaced`
 * if a newer version has also taken over the storage, so that this page stores nothing any more.
 */
export type PageAge = 'newest' | 'older' | 'replaced';

/** Registers the service worker, and finds out whether there is a newer version of this page. */
export class PageUpdates {
  readonly #age = new Store<PageAge, PageAge>((before, age) => (before === 'replaced' ? before : age), 'newest');
  #checkedAtMs = performance.now();

  readonly state = () => this.#age.state();
  readonly subscribe = (listener: () => void) => this.#age.subscribe(listener);

  /** Records that a newer version of the page in another tab has taken over the storage. */
  readonly replaced = () => this.#age.dispatch('replaced');

  /**
   * Registers the worker. Resolves even if the browser has no workers or refuses this one: then the
   * page needs a network, and all else works.
   */
  async start(): Promise<void> {
    const workers = navigator.serviceWorker as ServiceWorkerContainer | undefined; // A page that another host serves over plain HTTP has none.
    workers?.addEventListener('controllerchange', () => this.#compare());
    const registration = await workers?.register('/worker.js', { updateViaCache: 'none' }).catch(() => undefined);
    if (registration !== undefined) document.addEventListener('visibilitychange', () => this.#check(registration));
  }

  #check(registration: ServiceWorkerRegistration): void {
    if (document.hidden || performance.now() - this.#checkedAtMs < checkEveryMs) return;
    this.#checkedAtMs = performance.now();
    registration.update().catch(() => {}); // The next check may reach the server.
  }

  /** Compares this page with the one that the new worker has stored. */
  async #compare(): Promise<void> {
    const script = document.querySelector<HTMLScriptElement>('script[type=module]')?.getAttribute('src');
    const newest = await fetch(pagePath).then(
      (response) => response.text(),
      () => undefined,
    );
    if (script && newest !== undefined && !newest.includes(script)) this.#age.dispatch('older');
  }
}
