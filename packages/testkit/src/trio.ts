import { setTimeout as pause } from 'node:timers/promises';
import { Client, credentials } from '@grpc/grpc-js';
import {
  ChangeMemberRequest,
  Channel,
  ChannelService,
  type ListenResponse,
  ListMembersRequest,
  type ListMembersResponse,
  type Method,
  OverviewRequest,
  type OverviewResponse,
  UpdateChannelRequest,
  User,
} from '@parley/contract';
import { callUnary, clientOptions } from '@parley/rpc';
import type { Refusal } from '@parley/runtime';
import { Chatter, type ChatterOptions } from './chatter.js';
import { People, type TestPerson } from './people.js';
import { ServiceProcess } from './service-process.js';
import { lastingPort } from './started.js';
import { openTestDatabase, type TestDatabase } from './test-database.js';
import type { ServerIdentity } from './test-gateway.js';
import { callPatiently, insist, until } from './until.js';

/** Options of `Trio.start`. */
export interface TrioOptions {
  readonly managers?: number;
  readonly chatServers?: number;
  /** Main module of the chat servers. Default: the product's own. */
  readonly chatServerEntry?: string;
  /** Additional settings of every process. */
  readonly env?: Readonly<Record<string, string>>;
  /** Whether the managers have ports that no other process takes while they are down. */
  readonly restartable?: boolean;
  /** Calls the managers with TLS, and trusts this authority. */
  readonly ca?: Buffer;
}

const withinMs = 30_000;

/** The services as real processes, with their own database. */
export class Trio {
  readonly database: TestDatabase;
  readonly people: People;
  readonly managers: readonly ServiceProcess[];
  readonly chatServers: ServiceProcess[] = [];
  readonly #userServices: ServiceProcess[] = [];
  readonly #gateways: ServiceProcess[] = [];
  readonly #clients: readonly Client[];
  readonly #env: Readonly<Record<string, string>>;
  readonly #chatServerEntry: string | undefined;

  private constructor(
    database: TestDatabase,
    people: People,
    managers: ServiceProcess[],
    env: Readonly<Record<string, string>>,
    { chatServerEntry, ca }: TrioOptions,
  ) {
    const security = ca === undefined ? credentials.createInsecure() : credentials.createSsl(ca);
    this.database = database;
    this.people = people;
    this.managers = managers;
    this.#clients = managers.map(({ grpc }) => new Client(grpc, security, clientOptions));
    this.#env = env;
    this.#chatServerEntry = chatServerEntry;
  }

  /**
   * Starts managers and chat servers. Accounts are created by SQL unless a test starts the
   * user-service.
   */
  static async start({ managers = 1, chatServers = 1, env = {}, ...options }: TrioOptions = {}): Promise<Trio> {
    const { restartable = false } = options;
    const database = await openTestDatabase();
    const people = await People.open(database);
    const settings = { ...env, PARLEY_DATABASE_URL: database.urlFor('chat_manager') };
    const ports = await Promise.all(Array.from({ length: managers }, () => (restartable ? lastingPort() : '0')));
    const start = (PARLEY_PORT: string) => ServiceProcess.start('channel-service', { PARLEY_PORT, ...settings });
    const started = await Promise.all(ports.map(start));
    const trio = new Trio(database, people, started, env, options);
    const names = Array.from({ length: chatServers }, (_, n) => `chat-${n + 1}`);
    trio.chatServers.push(...(await Promise.all(names.map((name) => trio.#startChatServer(name, {})))));
    await Promise.all(trio.chatServers.map((one) => trio.lives(one)));
    return trio;
  }

  /** Starts a user-service with cheap password hashes. */
  async startUserService(env: Readonly<Record<string, string>> = {}): Promise<ServiceProcess> {
    const database = { PARLEY_DATABASE_URL: this.database.urlFor('chat_user') };
    const settings = { PARLEY_BCRYPT_COST: '4', ...this.#env, ...database, ...env };
    const started = await ServiceProcess.start('user-service', settings);
    this.#userServices.push(started);
    return started;
  }

  /** Starts a gateway in front of everything that runs. */
  async startGateway(env: Readonly<Record<string, string>> = {}): Promise<ServiceProcess> {
    const started = await ServiceProcess.start('gateway', {
      ...this.#env,
      PARLEY_DATABASE_URL: this.database.urlFor('chat_gateway'),
      PARLEY_MANAGERS: this.managers.map(({ grpc }) => grpc).join(','),
      PARLEY_USER_SERVICES: this.#userServices.map(({ grpc }) => grpc).join(',') || '127.0.0.1:1',
      ...env,
    });
    this.#gateways.push(started);
    return started;
  }

  /** Starts another chat server. Resolves once a manager has accepted it. */
  async addChatServer(env: Readonly<Record<string, string>> = {}): Promise<ServiceProcess> {
    const started = await this.#startChatServer(`chat-${this.chatServers.length + 1}`, env);
    this.chatServers.push(started);
    await this.lives(started);
    return started;
  }

  #startChatServer(name: string, env: Readonly<Record<string, string>>): Promise<ServiceProcess> {
    const settings = {
      ...this.#env,
      PARLEY_DATABASE_URL: this.database.urlFor('chat_server'),
      PARLEY_MANAGERS: this.managers.map(({ grpc }) => grpc).join(','),
      PARLEY_NAME: name,
      ...env,
    };
    return ServiceProcess.start('chat-service', settings, this.#chatServerEntry);
  }

  /**
   * Waits until a chat server has a lease.
   * @throws {Error} if it gets none
   */
  async lives(server: ServiceProcess): Promise<void> {
    const living = 'SELECT FROM chat.server WHERE addr = $1 AND lease_until > now()';
    await until(async () => (await this.people.sql(living, [server.grpc])).length > 0).catch((cause: Error) => {
      throw new Error(`No manager accepts ${server.grpc}.\n${server.output}`, { cause });
    });
  }

  /** Returns the address and the instance id of a live chat server. */
  async identityOf(server: ServiceProcess): Promise<ServerIdentity> {
    await this.lives(server);
    const { grpc } = server;
    const living = 'SELECT instance_id FROM chat.server WHERE addr = $1 AND lease_until > now()';
    const [row] = await this.people.sql(living, [grpc]);
    return { addr: grpc, instanceId: String(row?.instance_id) };
  }

  /** Returns the chat server of this rig that owns a channel, live or not. */
  async ownerOf(channelId: number): Promise<ServiceProcess | undefined> {
    const owner =
      'SELECT s.addr FROM chat.channel_head h JOIN chat.server s USING (instance_id) WHERE h.channel_id = $1';
    const [row] = await this.people.sql(owner, [channelId]);
    return this.chatServers.find(({ grpc }) => grpc === row?.addr);
  }

  /**
   * Makes a live chat server the owning server of a channel, and reserves it for 10 s, as Locate
   * does. Otherwise the server could give the empty channel back before a user comes.
   */
  async place(channelId: number, { grpc }: ServiceProcess): Promise<void> {
    const placed = `UPDATE chat.channel_head SET epoch = epoch + 1, reserved_until = now() + interval '10 s',
      instance_id = (SELECT instance_id FROM chat.server WHERE addr = $2) WHERE channel_id = $1`;
    await this.people.sql(placed, [channelId, grpc]);
  }

  /** Returns the client of one manager. */
  manager(n = 0): Client {
    return this.#clients[n] as Client;
  }

  /** Calls a manager. Waits out overload. */
  #call<Request, Response>(
    method: Method<Request, Response>,
    request: Request,
    { token }: TestPerson,
  ): Promise<Response> {
    return callPatiently(this.manager(), method, request, { token, withinMs });
  }

  /** Creates a room. */
  create(person: TestPerson, name: string, limit = 25): Promise<Channel> {
    const channel = Channel.fromPartial({ name, limit });
    return this.#call(ChannelService.create, channel, person);
  }

  /** Takes a seat. Waits for a live chat server, because a server whose report is late is briefly not live. */
  listen({ token }: TestPerson, channelId: number, manager = 0): Promise<ListenResponse> {
    const channel = Channel.fromPartial({ id: channelId });
    const call = () => callUnary(this.manager(manager), ChannelService.listen, channel, { token, withinMs });
    return insist(call, undefined, ['no-server']);
  }

  /**
   * Takes a seat and opens its stream, with events. Listens again if the stream ends with `moved` or
   * `seat-gone`, as clients must, or because the processes of the test are overloaded. Resolves once
   * the Welcome frame has arrived.
   * @throws {Error} if the stream ends for another reason
   */
  join(person: TestPerson, channelId: number, options: ChatterOptions = {}, manager = 0): Promise<Chatter> {
    return insist(() => this.#join(person, channelId, options, manager));
  }

  async #join(person: TestPerson, channelId: number, options: ChatterOptions, manager: number): Promise<Chatter> {
    const seat = await this.listenInTurn(person, channelId, manager);
    const stream = new Chatter(seat, { events: true, ...options });
    const welcomed = stream.find(({ welcome }) => welcome !== undefined).then(() => undefined);
    const ending = await Promise.race([welcomed, stream.ended]);
    if (ending === undefined) return stream;
    const { reason, details } = ending;
    if (reason === 'moved' || reason === 'seat-gone') return this.#join(person, channelId, options, manager);
    throw Object.assign(new Error(`The stream ended with ${reason}: ${details}`), { reason });
  }

  /** Takes a seat, once the rate limit of Listen allows it. */
  async listenInTurn(person: TestPerson, channelId: number, manager = 0): Promise<ListenResponse> {
    try {
      return await this.listen(person, channelId, manager);
    } catch (thrown) {
      const { reason, retryAfterMs } = thrown as Partial<Refusal>;
      if (reason !== 'listen-too-often') throw thrown;
      await pause(retryAfterMs);
      return this.listenInTurn(person, channelId, manager);
    }
  }

  /** Changes a member. */
  changeMember(person: TestPerson, change: Parameters<typeof ChangeMemberRequest.fromPartial>[0]): Promise<unknown> {
    const request = ChangeMemberRequest.fromPartial(change);
    return this.#call(ChannelService.changeMember, request, person);
  }

  /** Opens the direct chat with another user. */
  openDirect(person: TestPerson, id: string): Promise<Channel> {
    const request = User.fromPartial({ id });
    return this.#call(ChannelService.openDirect, request, person);
  }

  /** Reads the first page of the chats of a user. */
  overview(person: TestPerson, size = 0): Promise<OverviewResponse> {
    const request = OverviewRequest.fromPartial({ page: { size } });
    return this.#call(ChannelService.overview, request, person);
  }

  /** Reads the first page of the members of a channel. */
  listMembers(person: TestPerson, channelId: number, size = 0): Promise<ListMembersResponse> {
    const request = ListMembersRequest.fromPartial({ channelId, page: { size } });
    return this.#call(ChannelService.listMembers, request, person);
  }

  /** Changes a channel. */
  update(person: TestPerson, change: Parameters<typeof UpdateChannelRequest.fromPartial>[0]): Promise<Channel> {
    const request = UpdateChannelRequest.fromPartial(change);
    return this.#call(ChannelService.update, request, person);
  }

  /** Stops everything and drops the database. */
  async stop(): Promise<void> {
    for (const client of this.#clients) client.close();
    await Promise.all(this.chatServers.map((one) => one.stop()));
    await Promise.all([...this.#gateways, ...this.#userServices, ...this.managers].map((one) => one.stop()));
    await this.people.close();
    await this.database.close();
  }
}
