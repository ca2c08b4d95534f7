const prefix = 'parley-page-';

/**
 * The stored files of the page. Only the files of a built page are ever stored here, never anything
 * of a user.
 */
export class PageCache {
  readonly #name: string;
  readonly #files: Readonly<Record<string, string>>;

  /** `files` has the hash of each file by its path. */
  constructor(version: string, files: Readonly<Record<string, string>>) {
    this.#name = `${prefix}${version}`;
    this.#files = files;
  }

  /**
   * Stores every file of this version. Rejects if one of them cannot be loaded, or if a server of
   * another version sends it.
   */
  async fill(): Promise<void> {
    const requests = Object.entries(this.#files).map(
      ([path, integrity]) => new Request(path, { integrity, cache: 'no-cache' }),
    );
    try {
      await (await caches.open(this.#name)).addAll(requests);
    } catch (thrown) {
      await caches.delete(this.#name);
      throw thrown;
    }
  }

  /** Returns a file of this version, or else of the one before. */
  async find(path: string): Promise<Response | undefined> {
    const options = { ignoreVary: true };
    const own = await caches.match(path, { ...options, cacheName: this.#name });
    return own ?? caches.match(path, options);
  }

  /** Deletes all versions but this one and the one before, whose pages may still be open. */
  async deleteOlder(): Promise<void> {
    const names = (await caches.keys()).filter((name) => name.startsWith(prefix) && name !== this.#name);
    await Promise.all(names.slice(0, -1).map((name) => caches.delete(name)));
  }
}
