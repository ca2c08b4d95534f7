import { fileURLToPath } from 'node:url';
import type { Part } from '@parley/runtime';
import { networkKey } from '@parley/service-kit';
import { Piscina } from 'piscina';
import { HashQueue } from './fair-queue.js';
import type { HashTask } from './hash-worker.js';
import { type PasswordScheme, prefixOf, type SchemesInUse, schemesOf } from './scheme.js';

const worker = fileURLToPath(new URL('./hash-worker.js', import.meta.url));
const queueMs = 2_000;
const known = /^\$(2[aby]|argon2id)\$/;

/**
 * Result of comparing a password with a hash: it matches in its usual form, in another form, or
 * not.
 */
export type Fit = 'yes' | 'otherwise' | 'no';

/**
 * Returns the normalised form of a new password. Characters that look the same count as the same,
 * no matter how the keyboard composes them.
 */
export function usualForm(password: string): string {
  return password.normalize('NFC');
}

function formsOf(password: string): string[] {
  return [...new Set([usualForm(password), password, password.normalize('NFD')])];
}

/**
 * Hashes and verifies passwords in one worker thread, with at most two seconds of queued work. Each
 * address and each network gets a fair share, and callers at an address that is familiar to the
 * account have a share of their own. `who` is the address or the user that asks.
 */
export class Passwords implements Part {
  readonly #pool = new Piscina<HashTask, string | number>({ filename: worker, minThreads: 1, maxThreads: 1 });
  readonly #queue = new HashQueue({
    atMost: () => Math.max(1, Math.floor(queueMs / Math.max(1, this.#hashMs))),
    maxWaitMs: queueMs,
  });
  readonly #scheme: PasswordScheme;
  #inUse: SchemesInUse;
  #hashMs = 0;

  private constructor(scheme: PasswordScheme) {
    this.#scheme = scheme;
    this.#inUse = schemesOf([], scheme);
  }

  /**
   * Starts the worker and measures how long a failed login takes. `prefixes` are the hash prefixes
   * of all accounts.
   */
  static async start(scheme: PasswordScheme, prefixes: readonly string[]): Promise<Passwords> {
    const passwords = new Passwords(scheme);
    passwords.survey(prefixes);
    await passwords.verify('the first one is slower', undefined, '');
    const began = performance.now();
    await passwords.verify('nobody has this password', undefined, '');
    passwords.#hashMs = performance.now() - began;
    return passwords;
  }

  /** Makes every failed login take as long as the most expensive of these hashes. */
  survey(prefixes: readonly string[]): void {
    this.#inUse = schemesOf(prefixes, this.#scheme);
  }

  /**
   * Hashes a password with the current scheme and cost.
   * @throws {Refusal} `too-busy`
   */
  async hash(password: string, who: string, isFamiliar = false): Promise<string> {
    const task: HashTask = { kind: 'hash', password: usualForm(password), scheme: this.#scheme };
    return String(await this.#run(task, who, isFamiliar));
  }

  /**
   * Returns how a password matches. A failure takes the same time for every kind of hash, even if
   * there is no hash.
   * @throws {Refusal} `too-busy`
   */
  async verify(password: string, hash: string | undefined, who: string, isFamiliar = false): Promise<Fit> {
    const openable = hash !== undefined && known.test(hash) ? hash : undefined;
    const found = await this.#run(
      { kind: 'verify', forms: formsOf(password), hash: openable, inUse: this.#inUse },
      who,
      isFamiliar,
    );
    if (found === -1) return 'no';
    return found === 0 ? 'yes' : 'otherwise';
  }

  /** Returns whether a hash has the current scheme and cost. */
  isCurrent(hash: string): boolean {
    return hash.startsWith(prefixOf(this.#scheme));
  }

  stop(): Promise<void> {
    return this.#pool.destroy();
  }

  #run(task: HashTask, who: string, isFamiliar: boolean): Promise<string | number> {
    return this.#queue.run({ key: who, network: networkKey(who), isFamiliar }, () => this.#pool.run(task));
  }
}
