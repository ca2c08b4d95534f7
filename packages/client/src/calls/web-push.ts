import type { PushSubscription } from '@parley/contract';
import type { Abortable, Ask } from './ask.js';
import { calls } from './methods.js';

/** A subscription of a browser: `endpoint`, `publicKey` (`p256dh`) and `secret` (`auth`) come from its PushManager. */
export type PushTarget = Pick<PushSubscription, 'endpoint' | 'publicKey' | 'secret'> &
  Partial<Pick<PushSubscription, 'showsText' | 'quietUntil'>>;

/** State of Web Push for one session. */
export interface PushState {
  /** Key to subscribe with (`applicationServerKey`), or undefined if the server sends no Web Push. */
  readonly serverKey: Uint8Array | undefined;
  /** Subscription of the session, or undefined. */
  readonly subscription: PushSubscription | undefined;
}

/**
 * Web Push to the browser of the session, which works while the page is closed. Each session has one
 * subscription, and loses it when it ends.
 * @example
 * ```ts
 * import type { ParleyClient } from '@parley/client';
 *
 * export async function describe(client: ParleyClient): Promise<string> {
 *   const { serverKey, subscription } = await client.push.get();
 *   if (serverKey === undefined) return 'This server sends no Web Push.';
 *   return subscription === undefined ? 'off' : `on, ${subscription.showsText ? 'with' : 'without'} text`;
 * }
 * ```
 */
export class WebPush {
  readonly #ask: Ask;

  constructor(ask: Ask) {
    this.#ask = ask;
  }

  /** Fetches the key of the server and the subscription of the session. */
  async get({ signal }: Abortable = {}): Promise<PushState> {
    const { serverKey, subscription } = await this.#ask(calls.getPush, {}, signal);
    return { serverKey: serverKey.length === 0 ? undefined : serverKey, subscription };
  }

  /**
   * Sets the subscription of the session. `showsText` allows the text of messages in it; without it,
   * a message says only which user wrote where. `quietUntil` is a time in Unix ms.
   * @throws {Refusal} `invalid-push` or `no-push`
   */
  async set({ showsText = false, quietUntil = 0, ...target }: PushTarget, { signal }: Abortable = {}): Promise<void> {
    await this.#ask(calls.setPush, { subscription: { ...target, showsText, quietUntil } }, signal);
  }

  /** Removes the subscription of the session. */
  async remove({ signal }: Abortable = {}): Promise<void> {
    await this.#ask(calls.setPush, { subscription: undefined }, signal);
  }
}
