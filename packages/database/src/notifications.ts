import { setTimeout as pause } from 'node:timers/promises';
import type pg from 'pg';
import { createPool, type PoolSettings } from './pool.js';

/** Channel of the notifications after a change of a channel or its members. They carry nothing. */
export const eventChannel = 'chat_event';
/** Channel of the notifications after receipts have moved. Each line has a channel id and a user id. */
export const receiptChannel = 'chat_receipt';
/** Channel of the notifications after users have set something in their own memberships, with the same lines. */
export const membershipChannel = 'chat_membership';

/** Minimum time between two notifications of one bell, in milliseconds. */
const ringEveryMs = 20;
/** Maximum bytes of a notification. PostgreSQL accepts less than 8,000. */
const notificationBytes = 7_000;
/** Maximum number of lines that wait. The others are left out. */
const maxLines = 10_000;
/** Delay before a lost connection is opened again, in milliseconds; varied by half of it. */
const againAfterMs = 1_000;

/**
 * Notifies the listeners of a channel of PostgreSQL, by a statement of its own: NOTIFY takes a lock
 * of the whole cluster until its transaction ends. Calls of `ring` that are close together become
 * one notification. A notification may be lost, so listeners must not depend on it.
 */
export class Bell {
  readonly #pool: pg.Pool;
  readonly #channel: string;
  readonly #failed: (cause: unknown) => void;
  #lines = new Set<string>();
  #ringing: Promise<void> | undefined;

  /** `failed` receives the error of a notification that was not sent. */
  constructor(pool: pg.Pool, channel: string, failed: (cause: unknown) => void) {
    this.#pool = pool;
    this.#channel = channel;
    this.#failed = failed;
  }

  /** Notifies the listeners soon, without waiting. Call it after the commit. `line` has only ASCII. */
  ring(line = ''): void {
    if (this.#lines.size < maxLines) this.#lines.add(line);
    this.#ringing ??= this.#ringAll().finally(() => {
      this.#ringing = undefined;
    });
  }

  async #ringAll(): Promise<void> {
    while (this.#lines.size > 0) {
      await this.#pool.query('SELECT pg_notify($1, $2)', [this.#channel, this.#takePayload()]).catch(this.#failed);
      await pause(ringEveryMs, undefined, { ref: false });
    }
  }

  #takePayload(): string {
    let payload = '';
    for (const line of this.#lines) {
      if (payload.length + line.length >= notificationBytes) break;
      payload += payload === '' ? line : `\n${line}`;
      this.#lines.delete(line);
    }
    return payload;
  }
}

export interface NotificationListenerOptions extends Pick<PoolSettings, 'url' | 'applicationName'> {
  readonly channels: readonly string[];
  /** Called after each LISTEN, because notifications may have been missed before. */
  readonly onListening: () => void;
  readonly onNotified: (channel: string, payload: string) => void;
  /** Called when the connection is lost or cannot be opened. It is opened again. */
  readonly onLost: (cause: unknown) => void;
}

/**
 * Listens to channels of PostgreSQL on a connection of its own. If the URL leads to a pooler that
 * shares connections between transactions, no notification arrives.
 */
export class NotificationListener {
  readonly #options: NotificationListenerOptions;
  readonly #pool: pg.Pool;
  readonly #stop = new AbortController();
  readonly #work: Promise<void>;

  constructor(options: NotificationListenerOptions) {
    this.#options = options;
    this.#pool = createPool({ url: options.url, applicationName: options.applicationName, max: 1 });
    this.#work = this.#listenAgain();
  }

  /** Closes the connection. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#work;
    await this.#pool.end();
  }

  async #listenAgain(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      await this.#listen().catch((cause: unknown) => signal.aborted || this.#options.onLost(cause));
      const waitMs = againAfterMs * (0.5 + Math.random());
      await pause(signal.aborted ? 0 : waitMs, undefined, { signal, ref: false }).catch(() => {});
    }
  }

  /** Listens until the connection is lost, and then throws; returns after `stop`. */
  async #listen(): Promise<void> {
    const { channels, onListening, onNotified } = this.#options;
    const client = await this.#pool.connect();
    try {
      client.on('notification', ({ channel, payload = '' }) => onNotified(channel, payload));
      const over = this.#overOf(client);
      over.catch(() => {}); // In that case, LISTEN also fails.
      for (const channel of channels) await client.query(`LISTEN ${channel}`);
      onListening();
      await over;
    } finally {
      client.release(true);
    }
  }

  #overOf(client: pg.PoolClient): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#stop.signal.addEventListener('abort', () => resolve(), { once: true });
      if (this.#stop.signal.aborted) resolve();
      client.once('error', reject);
      client.once('end', () => reject(new Error('The connection ended.')));
    });
  }
}
