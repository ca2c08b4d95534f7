import { randomUUID } from 'node:crypto';
import { Client, credentials, type Metadata, type ServiceError } from '@grpc/grpc-js';
import { Channel, ChannelService, type ListenResponse, ReportRequest, ServerState } from '@parley/contract';
import { DatabaseClock, type Pool, type Rate } from '@parley/database';
import { bearerMetadata, refusalFromStatus, startServerStream, startUnary } from '@parley/rpc';
import { createLogger, Metrics, type RunningService, readSettings } from '@parley/runtime';
import {
  type JoinClaims,
  joinToken,
  managerAudience,
  SigningKey,
  serviceToken,
  TrustedKeys,
} from '@parley/service-kit';
import { callPatiently, insist, openTestPool, People, type TestPerson as Person } from '@parley/testkit';
import { startChannelService } from '../src/app.js';
import { type ChannelServiceConfig, readChannelServiceConfig } from '../src/config.js';

/** The pools of a test database, by role. */
export interface Database {
  readonly ownerUrl: string;
  urlFor(role: 'chat_user' | 'chat_manager' | 'chat_server' | 'chat_gateway'): string;
}

export type { Person };

/** A chat server with its token for managers. */
export interface Identity {
  readonly instanceId: string;
  readonly token: string;
  readonly key: SigningKey<object>;
}

const withinMs = 30_000;
let count = 0;

/** Managers on free ports over one database, with helpers for their callers. */
export class Rig {
  readonly owner: Pool;
  readonly managers: Client[] = [];
  readonly #admins: Client[] = [];
  readonly #database: Database;
  readonly #pools = new Map<string, Pool>();
  readonly #unused: Omit<Identity, 'token'>[] = [];
  readonly #running: RunningService[] = [];
  readonly #alive = new Set<string>();
  #prolonging: NodeJS.Timeout | undefined;
  #people: Promise<People> | undefined;

  constructor(database: Database) {
    this.#database = database;
    this.owner = this.#open(database.ownerUrl);
  }

  #open(url: string): Pool {
    const pool = this.#pools.get(url) ?? openTestPool(url, 4);
    this.#pools.set(url, pool);
    return pool;
  }

  /** Starts a manager. Unless `config` says otherwise, its retention and its index run only once. */
  async startManager(
    env: Readonly<Record<string, string>> = {},
    config: Partial<ChannelServiceConfig> = {},
  ): Promise<Client> {
    const url = this.#database.urlFor('chat_manager');
    const settings = readSettings({
      PARLEY_DATABASE_URL: url,
      PARLEY_PORT: '0',
      PARLEY_LOG_LEVEL: process.env.TEST_LOG_LEVEL ?? 'silent',
      ...env,
    });
    const app = await startChannelService(
      { ...readChannelServiceConfig(settings), retentionEveryMs: 3_600_000, searchEveryMs: 3_600_000, ...config },
      {
        settings,
        log: createLogger({ service: 'test', level: settings.LOG_LEVEL, format: 'json' }),
        metrics: new Metrics(),
      },
    );
    this.#running.push(app);
    const client = new Client(app.listens.grpc as string, credentials.createInsecure());
    this.managers.push(client);
    this.#admins.push(new Client(app.listens.grpc as string, credentials.createInsecure()));
    return client;
  }

  get manager(): Client {
    return this.managers[0] as Client;
  }

  /** Returns a client of the AdminService of one manager. */
  admin(n = 0): Client {
    return this.#admins[n] as Client;
  }

  /** Removes all seats and rate-limit counts, and stops all chat servers. */
  async clear(): Promise<void> {
    this.#alive.clear();
    await this.owner.query('TRUNCATE chat.seat');
    await this.owner.query("UPDATE chat.server SET state = 'stopped', lease_until = now() - interval '1 h'");
    await this.owner.query('DELETE FROM chat.rate');
  }

  async close(): Promise<void> {
    clearInterval(this.#prolonging);
    for (const client of [...this.managers, ...this.#admins]) client.close();
    for (const app of this.#running) await app.stop();
    await (await this.#people)?.close();
    for (const pool of this.#pools.values()) await pool.end();
  }

  /** Creates a user, whose account is not new, with a session and a token. */
  async person(role: 'user' | 'admin' = 'user'): Promise<Person> {
    count += 1;
    const id = `p${count}`;
    this.#people ??= People.open(this.#database);
    return (await this.#people).make(id, role);
  }

  persons(count: number): Promise<Person[]> {
    return Promise.all(Array.from({ length: count }, () => this.person()));
  }

  /**
   * Returns a new chat server with its token for managers. Creates their keys in bulk, because a
   * manager reads new keys only once a second.
   */
  async chatServer(): Promise<Identity> {
    if (this.#unused.length === 0) await this.#makeKeys();
    const { instanceId, key } = this.#unused.pop() as Omit<Identity, 'token'>;
    return { instanceId, key, token: await key.sign({ sub: instanceId }, managerAudience) };
  }

  async #makeKeys(): Promise<void> {
    const pool = this.#open(this.#database.urlFor('chat_server'));
    const clock = await DatabaseClock.start(pool);
    for (let n = 0; n < 40; n++) {
      const instanceId = randomUUID();
      const key = new SigningKey(serviceToken('chat'), instanceId, pool, clock);
      await key.sign({ sub: instanceId }, managerAudience); // Publishes the key.
      this.#unused.push({ instanceId, key });
    }
  }

  async managerToken(audience: string): Promise<string> {
    const pool = this.#open(this.#database.urlFor('chat_manager'));
    const instanceId = randomUUID();
    const key = new SigningKey(serviceToken('manager'), instanceId, pool, await DatabaseClock.start(pool));
    return key.sign({ sub: instanceId }, audience);
  }

  /** Verifies a join token like a chat server. */
  async readJoinToken(token: string, instanceId: string): Promise<JoinClaims> {
    const pool = this.#open(this.#database.urlFor('chat_server'));
    const keys = new TrustedKeys(pool, await DatabaseClock.start(pool));
    return (await keys.verify(token, joinToken, instanceId)).claims;
  }

  report(token: string | undefined, request: Parameters<typeof ReportRequest.fromPartial>[0]): Promise<unknown> {
    const { manager } = this;
    const options = token === undefined ? { withinMs } : { token, withinMs };
    return callPatiently(manager, ChannelService.report, ReportRequest.fromPartial(request), options);
  }

  /** Creates a chat server that has reported, with a lease that lasts for the test. */
  async server(load = 0, internalAddr = '127.0.0.1:5009'): Promise<Identity> {
    const identity = await this.chatServer();
    const { instanceId, token } = identity;
    const server = {
      id: instanceId,
      addr: 'localhost:5000',
      internalAddr,
      name: 'one',
      state: ServerState.SERVING,
      load,
    };
    do await this.report(token, { server });
    while (!(await this.keepAlive(instanceId))); // A stall may have outlasted the lease of 3 s.
    return identity;
  }

  /**
   * Keeps the leases of these servers live until the test ends, or until it ends them itself.
   * Returns false if all have lapsed.
   */
  keepAlive(...instanceIds: readonly string[]): Promise<boolean> {
    for (const id of instanceIds) this.#alive.add(id);
    return this.#prolong(instanceIds);
  }

  /** Renews the leases periodically, because managers shorten any lease more than 30 s ahead. */
  async #prolong(instanceIds: Iterable<string>): Promise<boolean> {
    this.#prolonging ??= setInterval(() => void this.#prolong(this.#alive).catch(() => {}), 5_000).unref();
    const { rowCount } = await this.owner.query(
      "UPDATE chat.server SET lease_until = now() + interval '25 s' WHERE instance_id = ANY ($1) AND state <> 'stopped' AND lease_until > now()",
      [[...instanceIds]],
    );
    return rowCount !== 0;
  }

  /** Sets when the leases of these servers end, as an interval from now, and no longer renews them. */
  async lapse(interval: string, ...servers: readonly Identity[]): Promise<void> {
    const ids = servers.map(({ instanceId }) => instanceId);
    for (const id of ids) this.#alive.delete(id);
    const ends = 'UPDATE chat.server SET lease_until = now() + $2::interval WHERE instance_id = ANY ($1)';
    await this.owner.query(ends, [ids, interval]);
  }

  kill(...servers: readonly Identity[]): Promise<void> {
    return this.lapse('-6 s', ...servers);
  }

  list(who: Person, id = 0): Promise<Channel[]> {
    return insist(() => this.#list(who, id));
  }

  #list(who: Person, id: number): Promise<Channel[]> {
    const asked = Channel.fromPartial({ id });
    const call = startServerStream(this.manager, ChannelService.list, asked, bearerMetadata(who.token));
    const found: Channel[] = [];
    return new Promise((resolve, reject) => {
      call.on('data', (channel: Channel) => found.push(channel));
      call.on('error', (error) => reject(refusalFromStatus(error as ServiceError)));
      call.on('end', () => resolve(found));
    });
  }

  create(who: Person, room: Parameters<typeof Channel.fromPartial>[0]): Promise<Channel> {
    const { manager } = this;
    return callPatiently(manager, ChannelService.create, Channel.fromPartial(room), { token: who.token, withinMs });
  }

  async room(who: Person, limit = 25): Promise<number> {
    return (await this.create(who, { name: 'a room', limit })).id;
  }

  remove(who: Person, id: number): Promise<unknown> {
    const { manager } = this;
    return callPatiently(manager, ChannelService.delete, Channel.fromPartial({ id }), { token: who.token, withinMs });
  }

  listen(who: Person, id: number, manager = this.manager): Promise<ListenResponse> {
    return callPatiently(manager, ChannelService.listen, Channel.fromPartial({ id }), { token: who.token, withinMs });
  }

  /** Calls Listen. `leave` cancels the call before the response; `ended` says whether it is too late. */
  startListen({ token }: Person, id: number): { readonly ended: boolean; leave(): void } {
    const asked = Channel.fromPartial({ id });
    let ended = false;
    const call = startUnary(this.manager, ChannelService.listen, asked, { token, withinMs }, () => {
      ended = true;
    });
    return {
      get ended() {
        return ended;
      },
      leave: () => call.cancel(),
    };
  }

  /** Calls Listen and returns the response with its headers. */
  listenWithHeaders(who: Person, id: number): Promise<{ headers: Metadata; answer: ListenResponse }> {
    return insist(() => this.#listenWithHeaders(who, id));
  }

  #listenWithHeaders(who: Person, id: number): Promise<{ headers: Metadata; answer: ListenResponse }> {
    return new Promise((resolve, reject) => {
      let headers: Metadata | undefined;
      const options = { token: who.token, withinMs };
      const asked = Channel.fromPartial({ id });
      const call = startUnary(this.manager, ChannelService.listen, asked, options, (error, answer) => {
        if (error !== null) reject(refusalFromStatus(error));
        else if (headers === undefined || answer === undefined) reject(new Error('no headers'));
        else resolve({ headers, answer });
      });
      call.on('metadata', (metadata) => {
        headers = metadata;
      });
    });
  }

  /** Takes a seat once, like Connect. Returns whether it was taken. */
  async take(channelId: number, userId: string): Promise<boolean> {
    const { rowCount } = await this.owner.query(
      `UPDATE chat.seat t SET live = true FROM chat.channel_head h, chat.channel c
       WHERE t.channel_id = $1 AND t.user_id = $2 AND NOT t.live AND t.join_by > now() AND h.channel_id = t.channel_id
         AND h.instance_id = t.instance_id AND h.epoch = t.epoch AND c.id = t.channel_id AND c.deleted_at IS NULL`,
      [channelId, userId],
    );
    return rowCount === 1;
  }

  async one<T>(text: string, ...values: readonly unknown[]): Promise<T> {
    const { rows } = await this.owner.query(text, [...values]);
    return rows[0] as T;
  }
}

/** Splits settled calls into refusals and results. */
export async function outcomes<T>(calls: readonly Promise<T>[]): Promise<{ answers: T[]; reasons: string[] }> {
  const settled = await Promise.allSettled(calls);
  const answers = settled.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  const reasons = settled.flatMap((one) => (one.status === 'rejected' ? [String(one.reason.reason)] : []));
  return { answers, reasons };
}

/**
 * Makes calls at once and checks that a rate limit admits as many as its burst, plus those whose
 * time comes while the calls run. It refuses the others with `reason`.
 */
export async function expectBurst(
  { burst, secondsPerCall }: Pick<Rate, 'burst' | 'secondsPerCall'>,
  reason: string,
  calls: () => readonly Promise<unknown>[],
): Promise<void> {
  const began = performance.now();
  const { answers, reasons } = await outcomes(calls());
  const refilled = Math.floor((performance.now() - began) / 1_000 / secondsPerCall);
  expect(answers.length).toBeGreaterThanOrEqual(burst);
  expect(answers.length).toBeLessThanOrEqual(burst + refilled);
  expect(reasons).toEqual(reasons.map(() => reason));
}
