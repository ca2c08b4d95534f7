import { type Logger, type Metrics, type Part, type Refusal, refuse, repeat } from '@parley/runtime';
import { addressKey, Buckets, type BurstRate, type Callers, newBotToken, type UserCaller } from '@parley/service-kit';
import type { GuestStore } from '../store/guest-store.js';

/** A guest with an open socket. */
export interface OpenGuest {
  readonly me: UserCaller;
  /** Name at the doors of guests. */
  readonly name: string;
  /** Token of its session. It never leaves this process. */
  readonly token: string;
  readonly address: string;
}

export interface GuestsDeps {
  readonly store: Pick<GuestStore, 'open' | 'close' | 'closeLost'>;
  readonly callers: Pick<Callers, 'userOf'>;
  readonly instanceId: string;
  /** Whether the gateway admits guests. */
  readonly isOpen: boolean;
  readonly log: Logger;
  readonly metrics: Metrics;
}

/** Maximum numbers of guests: of this process, of all gateways, and from one network. */
const guestsPerProcess = 1_000;
const guestsInAll = 5_000;
const guestsPerNetwork = 200;
/** Rate of new guests from one network. */
const openRate: BurstRate = { burst: 200, perSecond: 1 };
const sweepEveryMs = 5_000;

/**
 * The guests of this process: people without an account of their own, who exist only while their
 * socket is open.
 */
export class Guests implements Part {
  readonly #deps: GuestsDeps;
  readonly #rates = new Buckets<string>();
  readonly #here = new Set<string>();
  /** Guests whose socket is gone, but whose account has not ended yet. */
  readonly #leaving = new Set<string>();
  readonly #sweep: Part;
  #opening = 0;

  constructor(deps: GuestsDeps) {
    this.#deps = deps;
    deps.metrics.gauge('parley_guests', 'guests with a socket', () => this.#here.size);
    const failed = (err: unknown) => deps.log.warn({ err }, 'guests of stopped gateways were not ended; retrying');
    this.#sweep = repeat(sweepEveryMs, 0.2, () => this.#closeOverdue(), failed);
  }

  /**
   * Admits a guest. Without a name, the guest gets a number.
   * @throws {Refusal} `no-guests`, `too-many-guests`, `register-too-often`, `user-id-taken` or
   * `guest-name-taken`.
   */
  async open(name: string | undefined, address: string): Promise<OpenGuest> {
    const refusal = this.#refusalOf(addressKey(address));
    if (refusal !== undefined) throw refusal;
    this.#opening += 1;
    try {
      return await this.#open(name, address);
    } finally {
      this.#opening -= 1;
    }
  }

  /** Ends the account of a guest. If the database is away, tries again when it is back. */
  close({ me }: OpenGuest): Promise<void> {
    return this.#end(me.id);
  }

  /** Whether guests are let in. */
  get isOpen(): boolean {
    return this.#deps.isOpen;
  }

  async stop(): Promise<void> {
    await this.#sweep.stop();
    await Promise.all([...this.#here, ...this.#leaving].map((userId) => this.#end(userId)));
  }

  async #closeOverdue(): Promise<void> {
    for (const userId of this.#leaving) await this.#end(userId);
    await this.#deps.store.closeLost();
  }

  #refusalOf(network: string): Refusal | undefined {
    if (!this.#deps.isOpen) return refuse('no-guests');
    if (this.#here.size + this.#opening >= guestsPerProcess) return refuse('too-many-guests');
    const retryAfterMs = this.#rates.take(network, openRate);
    return retryAfterMs > 0 ? refuse('register-too-often', { retryAfterMs }) : undefined;
  }

  async #open(wanted: string | undefined, address: string): Promise<OpenGuest> {
    const { store, callers, instanceId } = this.#deps;
    const { token, hash } = newBotToken();
    const limits = { most: guestsInAll, mostOfNetwork: guestsPerNetwork };
    const request = { name: wanted, instanceId, network: addressKey(address), tokenHash: hash, ...limits };
    const { userId, name } = await store.open(request);
    this.#here.add(userId);
    try {
      return { me: await callers.userOf(token), name, token, address };
    } catch (thrown) {
      await this.#end(userId);
      throw thrown;
    }
  }

  async #end(userId: string): Promise<void> {
    this.#here.delete(userId);
    this.#leaving.add(userId);
    try {
      await this.#deps.store.close(userId);
      this.#leaving.delete(userId);
    } catch (err) {
      this.#deps.log.warn({ err, user: userId }, 'a guest was not ended yet');
    }
  }
}
