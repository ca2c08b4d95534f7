import { fileURLToPath } from 'node:url';
import type { Part } from '@parley/runtime';
import { Piscina } from 'piscina';
import { HashQueue } from './fair-queue.js';
import type { HashTask } from './hash-worker.js';
import { type PasswordScheme, prefixOf, type SchemesInUse, schemesOf } from './scheme.js';

const worker = fileURLToPath(new URL('./hash-worker.js', import.meta.url));
const queueMs = 2_000;
const known = /^\$(2[aby]|argon2id)\$/;

/** How a password fits a hash: by its usual form, by another one, or not. */
export type Fit = 'yes' | 'otherwise' | 'no';

/** The form of a new password: what one types as one character counts as one, whatever the keyboard makes of it. */
export function usualForm(password: string): string {
  return password.normalize('NFC');
}

function formsOf(password: string): string[] {
  return [...new Set([usualForm(password), password, password.normalize('NFD')])];
}

/**
 * Hashes and verifies in one worker thread, with at most two seconds of work waiting for it. Each address has its share of it: `who` is
 * whoever asks.
 */
export class Passwords implements Part {
  readonly #pool = new Piscina<HashTask, string | number>({ filename: worker, minThreads: 1, maxThreads: 1 });
  readonly #queue = new HashQueue(() => Math.max(1, Math.floor(queueMs / Math.max(1, this.#hashMs))));
  readonly #scheme: PasswordScheme;
  #inUse: SchemesInUse;
  #hashMs = 0;

  private constructor(scheme: PasswordScheme) {
    this.#scheme = scheme;
    this.#inUse = schemesOf([], scheme);
  }

  /** Starts the worker, and measures how long a failure takes. `prefixes` are the beginnings of the hashes of all accounts. */
  static async start(scheme: PasswordScheme, prefixes: readonly string[]): Promise<Passwords> {
    const passwords = new Passwords(scheme);
    passwords.survey(prefixes);
    await passwords.verify('the first one is slower', undefined, '');
    const began = performance.now();
    await passwords.verify('nobody has this password', undefined, '');
    passwords.#hashMs = performance.now() - began;
    return passwords;
  }

  /** From now on a failure costs as much as with the dearest of these hashes. */
  survey(prefixes: readonly string[]): void {
    this.#inUse = schemesOf(prefixes, this.#scheme);
  }

  /**
   * A hash by the current scheme and cost.
   * @throws {Refusal} `too-busy`
   */
  async hash(password: string, who: string): Promise<string> {
    return String(await this.#run({ kind: 'hash', password: usualForm(password), scheme: this.#scheme }, who));
  }

  /**
   * How the password fits. Where it does not, it takes as long whatever the hash was made by, and where there is none.
   * @throws {Refusal} `too-busy`
   */
  async verify(password: string, hash: string | undefined, who: string): Promise<Fit> {
    const openable = hash !== undefined && known.test(hash) ? hash : undefined;
    const found = await this.#run(
      { kind: 'verify', forms: formsOf(password), hash: openable, inUse: this.#inUse },
      who,
    );
    if (found === -1) return 'no';
    return found === 0 ? 'yes' : 'otherwise';
  }

  /** Whether a hash was made by the current scheme and cost. */
  isCurrent(hash: string): boolean {
    return hash.startsWith(prefixOf(this.#scheme));
  }

  stop(): Promise<void> {
    return this.#pool.destroy();
  }

  #run(task: HashTask, who: string): Promise<string | number> {
    return this.#queue.run(who, () => this.#pool.run(task));
  }
}
