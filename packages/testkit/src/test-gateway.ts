import { randomUUID } from 'node:crypto';
import { Client, type ClientDuplexStream, credentials, type StatusObject } from '@grpc/grpc-js';
import { RelayDown, RelayUp } from '@parley/contract';
import { DatabaseClock, type Pool } from '@parley/database';
import { bearerMetadata, clientOptions } from '@parley/rpc';
import { managerAudience, type ServiceClaims, SigningKey, serviceToken } from '@parley/service-kit';
import type { Ending } from './chatter.js';
import { openTestPool, type TestDatabase } from './test-database.js';

type Up = Omit<Parameters<typeof RelayUp.fromPartial>[0], 'id'>;

/** Options of a relay client. */
export interface RelayClientOptions {
  /** Name in the hello. Default: a new one. */
  readonly name?: string;
  /** Whether pings get no pong. */
  readonly silent?: boolean;
}

/** A plain client of one Relay stream. It records every frame, and answers pings. */
export class RelayClient {
  readonly downs: RelayDown[] = [];
  readonly ended: Promise<Ending>;
  readonly #client: Client;
  readonly #call: ClientDuplexStream<RelayUp | Buffer, RelayDown>;
  #waiters: (() => void)[] = [];
  #id = 0;

  constructor(address: string, token: string, { name = randomUUID(), silent = false }: RelayClientOptions = {}) {
    this.#client = new Client(address, credentials.createInsecure(), {
      ...clientOptions,
      'grpc.use_local_subchannel_pool': 1,
    });
    const encode = (up: RelayUp | Buffer) => (Buffer.isBuffer(up) ? up : Buffer.from(RelayUp.encode(up).finish()));
    const path = '/chat.v1.ChatService/Relay';
    const decode = (bytes: Buffer) => RelayDown.decode(bytes);
    this.#call = this.#client.makeBidiStreamRequest(path, encode, decode, bearerMetadata(token));
    this.ended = new Promise((resolve) => {
      this.#call.on('status', ({ code, details, metadata }: StatusObject) => {
        this.#client.close();
        resolve({ code, details, reason: metadata.get('chat-reason')[0]?.toString() });
        this.#wake();
      });
    });
    this.#call.on('error', () => {});
    this.#call.on('data', (down: RelayDown) => {
      this.downs.push(down);
      if (down.ping?.ping !== undefined && !silent) this.send({ pong: down.ping.ping });
      this.#wake();
    });
    if (name !== '') this.send({ hello: { name } });
  }

  #wake(): void {
    for (const wake of this.#waiters.splice(0)) wake();
  }

  /** Sends a frame. Returns its id. */
  send(up: Up): number {
    this.#id += 1;
    this.#call.write(RelayUp.fromPartial({ ...up, id: this.#id }));
    return this.#id;
  }

  /** Sends raw bytes as one gRPC message. */
  sendRaw(bytes: Buffer): void {
    this.#call.write(bytes);
  }

  /** Sends a frame, and returns the first response to it. */
  ask(up: Up): Promise<RelayDown> {
    const id = this.send(up);
    return this.find((down) => down.id === id);
  }

  /** Opens a handle of a user, or of the seat of a join token in a room. */
  async attach(token: string, channelId = 0): Promise<number> {
    const { handle, refusal } = await this.ask({ channelId, attach: { token, handle: 0 } });
    if (handle === undefined) throw new Error(`No handle: ${refusal?.reason}`);
    return handle;
  }

  /**
   * Returns the first matching frame from index `from` on, whether it has already arrived or
   * arrives later.
   * @throws {Error} after a minute
   */
  async find(matches: (down: RelayDown) => boolean, from = 0): Promise<RelayDown> {
    const deadline = Date.now() + 60_000;
    for (let checked = from; ; ) {
      for (; checked < this.downs.length; checked++) {
        const down = this.downs[checked] as RelayDown;
        if (matches(down)) return down;
      }
      if (Date.now() > deadline) throw new Error(`None of the ${this.downs.length} frames matched: ${matches}`);
      await Promise.race([
        new Promise<void>((resolve) => this.#waiters.push(resolve)),
        new Promise<void>((resolve) => setTimeout(resolve, 50)),
      ]);
    }
  }

  /** Entries of a channel that were received, in order. */
  entries(channelId: number) {
    return this.downs.flatMap(({ channelId: of, frame }) =>
      of === channelId && frame !== undefined && frame.seq > 0 ? [frame] : [],
    );
  }

  /** Stops and starts reading from the stream. */
  pause(): void {
    this.#call.pause();
  }

  resume(): void {
    this.#call.resume();
  }

  /** Breaks the stream. */
  cancel(): void {
    this.#call.cancel();
  }
}

/** Address and instance id of a chat server. */
export interface ServerIdentity {
  readonly addr: string;
  readonly instanceId: string;
}

/** The identity of a gateway: signs service tokens with a key of its own. */
export class TestGateway {
  readonly instanceId = randomUUID();
  readonly #pool: Pool;
  readonly #clock: DatabaseClock;
  readonly #key: SigningKey<ServiceClaims>;

  private constructor(pool: Pool, clock: DatabaseClock) {
    this.#pool = pool;
    this.#clock = clock;
    this.#key = new SigningKey(serviceToken('gateway'), this.instanceId, pool, clock);
  }

  static async open(database: Pick<TestDatabase, 'urlFor'>): Promise<TestGateway> {
    const pool = openTestPool(database.urlFor('chat_gateway'), 2, 'test gateway');
    return new TestGateway(pool, await DatabaseClock.start(pool));
  }

  /** Returns a service token for a chat server, by its instance id; by default for managers. */
  token(audience: string = managerAudience): Promise<string> {
    return this.#key.sign({ sub: this.instanceId }, audience);
  }

  /**
   * Returns a service token that expires after this number of milliseconds. With a negative number,
   * it has already expired.
   */
  tokenThatExpires(inMs: number, audience: string): Promise<string> {
    const kind = serviceToken('gateway');
    const clock = { now: () => this.#clock.now() - kind.lifeSeconds * 1_000 + inMs };
    const sub = randomUUID(); // A gateway of its own, because only one process may sign for an id.
    return new SigningKey(kind, sub, this.#pool, clock as DatabaseClock).sign({ sub }, audience);
  }

  /** Opens a relay to a chat server. */
  async relay({ addr, instanceId }: ServerIdentity, options: RelayClientOptions = {}): Promise<RelayClient> {
    return new RelayClient(addr, await this.token(instanceId), options);
  }

  close(): Promise<void> {
    return this.#pool.end();
  }
}
