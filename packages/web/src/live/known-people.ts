import { Refusal, type User } from '@parley/client';

/** A user with the id of the file of their picture; empty: none, or hidden from this user. */
type PicturedUser = Pick<User, 'id' | 'avatarId'>;

/** Maximum number of users whose pictures are known. */
const mostKnown = 2_000;
/** Number of users who are looked up without a wait after a long pause. */
const mostInHaste = 50;
/** Milliseconds until one more user may be looked up. The server allows ten calls a second. */
const everyMs = 250;

export interface KnownPeopleDeps {
  /** Returns the profile of a user. @throws {Refusal} */
  readonly fetchUser: (id: string, signal: AbortSignal) => Promise<User>;
  /** Lets the browser load files. @throws {Refusal} */
  readonly allowBrowser: () => Promise<void>;
}

/** Looks up users one at a time, and remembers their pictures. */
export class KnownPeople {
  readonly #deps: KnownPeopleDeps;
  readonly #pictures = new Map<string, string>();
  readonly #loading = new Map<string, Promise<User>>();
  readonly #listeners = new Set<() => void>();
  readonly #stopping = new AbortController();
  #isAllowed = false;
  #last: Promise<unknown> = Promise.resolve();
  /** When the next call may begin, by `performance.now`. */
  #freeAtMs = Number.NEGATIVE_INFINITY;

  constructor(deps: KnownPeopleDeps) {
    this.#deps = deps;
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** Returns the id of the file of a user's picture; undefined: none is known. */
  picture(id: string): string | undefined {
    return (this.#isAllowed && this.#pictures.get(id)) || undefined;
  }

  /** Looks a user up, unless it is known whether the user has a picture. */
  want(id: string): void {
    if (!this.#pictures.has(id)) this.find(id).catch(() => {}); // It is tried again when the user is shown again.
  }

  /** Returns the profile of a user. Callers at the same time share a call. @throws {Refusal} */
  find(id: string): Promise<User> {
    const loading = this.#loading.get(id) ?? this.#load(id);
    this.#loading.set(id, loading);
    return loading;
  }

  /** Remembers the pictures of users. */
  async learn(users: readonly PicturedUser[]): Promise<void> {
    const news = users.filter(({ id, avatarId }) => this.#pictures.get(id) !== avatarId);
    if (news.length === 0) return;
    for (const { id } of news) this.#pictures.delete(id); // The last ones stay known for longest.
    for (const { id, avatarId } of news) this.#pictures.set(id, avatarId);
    for (const id of [...this.#pictures.keys()].slice(0, Math.max(0, this.#pictures.size - mostKnown)))
      this.#pictures.delete(id);
    if (news.some(({ avatarId }) => avatarId !== '')) await this.#allow();
    for (const listener of this.#listeners) listener();
  }

  /** Ends all lookups. */
  stop(): void {
    this.#stopping.abort();
  }

  /** Forgets a picture that the browser could not load. It is looked up when the user is shown again. */
  forget(id: string): void {
    this.#pictures.delete(id);
    for (const listener of this.#listeners) listener();
  }

  async #allow(): Promise<void> {
    await this.#deps.allowBrowser().then(
      () => {
        this.#isAllowed = true;
      },
      () => {}, // Users are shown without pictures until the next attempt.
    );
  }

  async #load(id: string): Promise<User> {
    const { signal } = this.#stopping;
    const found = this.#last.then(async () => {
      await this.#turn();
      signal.throwIfAborted();
      return this.#deps.fetchUser(id, signal);
    });
    this.#last = found.catch(() => {});
    try {
      const user = await found;
      this.learn([user]);
      return user;
    } catch (thrown) {
      if (thrown instanceof Refusal && thrown.reason === 'user-not-found') this.learn([{ id, avatarId: '' }]);
      throw thrown;
    } finally {
      this.#loading.delete(id);
    }
  }

  /** Waits until a further call may begin. A token bucket: after a pause, some begin at once. */
  async #turn(): Promise<void> {
    const nowMs = performance.now();
    const waitMs = Math.max(0, this.#freeAtMs - nowMs);
    this.#freeAtMs = Math.max(this.#freeAtMs, nowMs - (mostInHaste - 1) * everyMs) + everyMs;
    if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
  }
}
