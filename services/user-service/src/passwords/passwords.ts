import { fileURLToPath } from 'node:url';
import { type Part, refuse } from '@parley/runtime';
import { Piscina } from 'piscina';
import type { HashTask } from './hash-worker.js';
import { type PasswordScheme, prefixOf } from './scheme.js';

const worker = fileURLToPath(new URL('./hash-worker.js', import.meta.url));
const queueMs = 2_000;
const known = /^\$(2[aby]|argon2id)\$/;

/** Hashes and verifies in one worker thread, with at most two seconds of work waiting for it. */
export class Passwords implements Part {
  readonly #pool = new Piscina<HashTask, string | boolean>({ filename: worker, minThreads: 1, maxThreads: 1 });
  readonly #scheme: PasswordScheme;
  #dummy = '';
  #hashMs = 0;

  private constructor(scheme: PasswordScheme) {
    this.#scheme = scheme;
  }

  /** Starts the worker, makes the hash that nobody has, and measures how long one takes. */
  static async start(scheme: PasswordScheme): Promise<Passwords> {
    const passwords = new Passwords(scheme);
    passwords.#dummy = await passwords.hash('nobody has this password');
    const began = performance.now();
    await passwords.verify('nor this one', undefined);
    passwords.#hashMs = performance.now() - began;
    return passwords;
  }

  /**
   * A hash by the current scheme and cost.
   * @throws {Refusal} `too-busy`
   */
  async hash(password: string): Promise<string> {
    return String(await this.#run({ kind: 'hash', password, scheme: this.#scheme }));
  }

  /**
   * Whether the password fits. Where there is no hash, or one that no password opens, it takes as long and answers no.
   * @throws {Refusal} `too-busy`
   */
  async verify(password: string, hash: string | undefined): Promise<boolean> {
    const openable = hash !== undefined && known.test(hash);
    const fits = await this.#run({ kind: 'verify', password, hash: openable ? hash : this.#dummy });
    return openable && fits === true;
  }

  /** Whether a hash was made by the current scheme and cost. */
  isCurrent(hash: string): boolean {
    return hash.startsWith(prefixOf(this.#scheme));
  }

  stop(): Promise<void> {
    return this.#pool.destroy();
  }

  async #run(task: HashTask): Promise<string | boolean> {
    if (this.#pool.queueSize * this.#hashMs > queueMs) throw refuse('too-busy');
    return this.#pool.run(task);
  }
}
