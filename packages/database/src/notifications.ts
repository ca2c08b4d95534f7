import { setTimeout as pause } from 'node:timers/promises';
import { aborted } from 'node:util';
import { keepConnected, type Part } from '@parley/runtime';
import type pg from 'pg';
import { createPool, type PoolSettings } from './pool.js';

/** Channel of the notifications after a change of a channel or its members. They carry nothing. */
export const eventChannel = 'chat_event';
/** Channel of the notifications after receipts have moved. Each line has a channel id and a user id. */
export const receiptChannel = 'chat_receipt';
/** Channel of the notifications after users have set something in their own memberships, with the same lines. */
export const membershipChannel = 'chat_membership';

/** Minimum time between two notifications of one bell, in milliseconds, and time after one that was not sent. */
const [ringEveryMs, ringAgainMs] = [20, 1_000];
/** Maximum bytes of a notification. PostgreSQL accepts less than 8,000. */
const notificationBytes = 7_000;
/** Maximum number of lines that wait. The others are left out. */
const maxLines = 10_000;
/** Interval at which a listener checks its connection, and time within which the server must respond, in milliseconds. */
const [checkEveryMs, respondsWithinMs] = [5_000, 5_000];

/** Sends notifications to all processes that listen. */
export interface Notifier {
  /** Sends one notification, which may be lost. @throws {Error} if it was not sent. */
  send(channel: string, payload: string): Promise<void>;
  /** Whether nothing can be sent any more, because the process stops. */
  readonly isStopped: boolean;
}

/** The channels to which a process listens, and its handlers. */
export interface Listening {
  readonly channels: readonly string[];
  /**
   * Called each time listening begins, with the milliseconds for which notifications may have been
   * missed.
   */
  readonly onListening: (missedMs: number) => void;
  readonly onNotified: (channel: string, payload: string) => void;
}

/**
 * Returns a notifier that uses NOTIFY of PostgreSQL, as a statement of its own: NOTIFY takes a lock
 * of the whole cluster until its transaction ends.
 */
export function postgresNotifier(pool: pg.Pool): Notifier {
  return {
    async send(channel, payload) {
      await pool.query('SELECT pg_notify($1, $2)', [channel, payload]);
    },
    get isStopped() {
      return pool.ending;
    },
  };
}

/**
 * Notifies the listeners of a channel. Calls of `ring` that are close together become one
 * notification. One that could not be sent is sent again, unless the notifier has stopped. A
 * notification may be lost, so listeners must not depend on it.
 */
export class Bell {
  readonly #notifier: Notifier;
  readonly #channel: string;
  readonly #failed: (cause: unknown) => void;
  #lines = new Set<string>();
  #ringing: Promise<void> | undefined;

  /** `failed` receives the error of a notification that was not sent. */
  constructor(notifier: Notifier, channel: string, failed: (cause: unknown) => void) {
    this.#notifier = notifier;
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
    while (this.#lines.size > 0 && !this.#notifier.isStopped) {
      const isSent = await this.#send(this.#takeLines());
      await pause(isSent ? ringEveryMs : ringAgainMs, undefined, { ref: false });
    }
  }

  async #send(lines: readonly string[]): Promise<boolean> {
    try {
      await this.#notifier.send(this.#channel, lines.join('\n'));
      return true;
    } catch (cause) {
      this.#failed(cause);
      for (const line of lines) this.#lines.add(line);
      return false;
    }
  }

  #takeLines(): string[] {
    const taken: string[] = [];
    let length = 0;
    for (const line of this.#lines) {
      length += line.length + 1;
      if (length > notificationBytes) break;
      taken.push(line);
      this.#lines.delete(line);
    }
    return taken;
  }
}

export interface NotificationListenerOptions extends Pick<PoolSettings, 'url' | 'applicationName'>, Listening {
  /** Called when the connection is lost or cannot be opened. It is opened again. */
  readonly onLost: (cause: unknown) => void;
}

/**
 * Listens to channels of PostgreSQL on a connection of its own. If the URL leads to a pooler that
 * shares connections between transactions, no notification arrives.
 */
export class NotificationListener implements Part {
  readonly #options: NotificationListenerOptions;
  readonly #pool: pg.Pool;
  readonly #connection: Part;
  /** Time up to which every notification has arrived, by the clock of this process. */
  #heardAtMs = performance.now();

  constructor(options: NotificationListenerOptions) {
    this.#options = options;
    const { url, applicationName } = options;
    this.#pool = createPool({
      ...{ url, applicationName, max: 1 },
      statementTimeoutMs: respondsWithinMs,
      checksTimeline: true,
    });
    this.#connection = keepConnected((signal) => this.#listen(signal), options.onLost);
  }

  /** Closes the connection. */
  async stop(): Promise<void> {
    await this.#connection.stop();
    await this.#pool.end();
  }

  /** Listens until the connection is lost, and then throws; returns after `stop`. */
  async #listen(signal: AbortSignal): Promise<void> {
    const { channels, onListening, onNotified } = this.#options;
    const client = await this.#pool.connect();
    try {
      client.on('notification', ({ channel, payload = '' }) => onNotified(channel, payload));
      const over = overOf(client, signal);
      over.catch(() => {}); // In that case, LISTEN also fails.
      for (const channel of channels) await client.query(`LISTEN ${channel}`);
      const missedMs = performance.now() - this.#heardAtMs;
      this.#heardAtMs = performance.now();
      onListening(missedMs);
      await Promise.race([this.#check(client, signal), over]);
    } finally {
      client.release(true);
    }
  }

  /** Checks the connection until the signal is aborted. @throws {Error} if the server does not respond. */
  async #check(client: pg.PoolClient, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const sentAtMs = performance.now();
      await client.query('SELECT');
      this.#heardAtMs = sentAtMs;
      await pause(checkEveryMs, undefined, { signal, ref: false }).catch(() => {});
    }
  }
}

/** Resolves when the signal aborts. @throws {Error} if the connection is lost before. */
function overOf(client: pg.PoolClient, signal: AbortSignal): Promise<void> {
  const lost = new Promise<never>((_, reject) => {
    client.once('error', reject);
    client.once('end', () => reject(new Error('The connection ended.')));
  });
  return Promise.race([lost, aborted(signal, client)]);
}
