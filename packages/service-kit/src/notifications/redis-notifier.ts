import { setTimeout as pause } from 'node:timers/promises';
import { aborted } from 'node:util';
import type { Listening, Notifier } from '@parley/database';
import { keepConnected, type Logger, type Part } from '@parley/runtime';
import type { RedisClientType } from '@redis/client';
import { createRedis, type RedisConfig, respondsInTime } from './redis-client.js';
import { problemText, redisProblem } from './redis-problem.js';

const pingEveryMs = 2_000;
/** Maximum length of a notification. PostgreSQL, for which they are made, has the same limit. */
const maxPayload = 8_000;

/**
 * Sends and receives notifications through Redis, by PUBLISH and SUBSCRIBE on one connection. While
 * Redis is away, notifications are lost; the connection is opened again.
 * @example
 * ```ts
 * import { createLogger } from '@parley/runtime';
 * import { RedisNotifier } from '@parley/service-kit';
 *
 * const log = createLogger({ level: 'info', format: 'json', service: 'gateway' });
 * const notifier = new RedisNotifier({ url: 'redis://localhost', prefix: 'parley' }, 'parley-gateway', undefined, log);
 * ```
 */
export class RedisNotifier implements Notifier, Part {
  readonly #config: RedisConfig;
  readonly #name: string;
  readonly #listening: Listening | undefined;
  readonly #log: Logger;
  readonly #connection: Part;
  isStopped = false;
  #client: RedisClientType | undefined;
  /** Time up to which every notification has arrived, by the clock of this process. */
  #heardAtMs = performance.now();
  /** The problem that was logged last; undefined if Redis has responded since. */
  #problem: string | undefined;

  /** `name` is the name of the connection in Redis, without spaces. */
  constructor(config: RedisConfig, name: string, listening: Listening | undefined, log: Logger) {
    this.#config = config;
    this.#name = name;
    this.#listening = listening;
    this.#log = log;
    this.#connection = keepConnected(
      (signal) => this.#hold(signal),
      (cause) => this.#report(cause),
    );
  }

  /** Whether Redis is connected. */
  get isUp(): boolean {
    return this.#client !== undefined;
  }

  async send(channel: string, payload: string): Promise<void> {
    if (this.#client === undefined) throw new Error('Redis is away.');
    await respondsInTime(this.#client.publish(this.#nameOf(channel), payload));
  }

  async stop(): Promise<void> {
    this.isStopped = true;
    await this.#connection.stop();
  }

  #nameOf(channel: string): string {
    return `${this.#config.prefix}:${channel}`;
  }

  /** Keeps one connection until it is lost, and then throws; returns after `stop`. */
  async #hold(signal: AbortSignal): Promise<void> {
    const client = await createRedis(this.#config.url, this.#name);
    const lost = new Promise<never>((_, reject) => client.on('error', reject));
    const over = Promise.race([lost, aborted(signal, client)]);
    try {
      await Promise.race([respondsInTime(this.#open(client)), over]);
      if (signal.aborted) return;
      this.#client = client;
      if (this.#problem !== undefined) this.#log.info('Redis responds again');
      this.#problem = undefined;
      const missedMs = performance.now() - this.#heardAtMs;
      this.#heardAtMs = performance.now();
      this.#listening?.onListening(missedMs);
      await Promise.race([this.#ping(client, signal), over]);
    } finally {
      this.#client = undefined;
      client.destroy();
    }
  }

  async #open(client: RedisClientType): Promise<void> {
    await client.connect();
    const { channels = [], onNotified } = this.#listening ?? {};
    for (const channel of channels)
      await client.subscribe(this.#nameOf(channel), (payload) => {
        if (payload.length <= maxPayload) onNotified?.(channel, payload);
      });
    await client.publish(this.#nameOf('check'), ''); // Shows whether the user may publish.
  }

  #report(cause: unknown): void {
    const problem = problemText(redisProblem(this.#config.url, cause));
    if (problem === this.#problem) return;
    this.#problem = problem;
    this.#log.error({ cause: cause instanceof Error ? cause.message : String(cause) }, problem);
  }

  /** Pings Redis until the signal is aborted. @throws {Error} if Redis does not respond. */
  async #ping(client: RedisClientType, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const sentAtMs = performance.now();
      await respondsInTime(client.ping());
      this.#heardAtMs = sentAtMs; // Redis responds after everything that it has sent before.
      await pause(pingEveryMs, undefined, { signal, ref: false }).catch(() => {});
    }
  }
}
