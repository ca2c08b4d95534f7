import { Client, credentials } from '@grpc/grpc-js';
import {
  CreateBotRequest,
  type CreateBotResponse,
  Empty,
  ListBotsRequest,
  LoginRequest,
  type LoginResponse,
  LogoutRequest,
  type Page,
  RegisterRequest,
  SearchUsersRequest,
  type SearchUsersResponse,
  type Session,
  SetBotCommandsRequest,
  UpdateUserRequest,
  User,
  UserService,
} from '@parley/contract';
import type { Pool } from '@parley/database';
import { callUnary, clientOptions } from '@parley/rpc';
import { Metrics, type Reason, Refusal, type RunningService, readSettings, silentLogger } from '@parley/runtime';
import { callPatiently, openTestDatabase, openTestPool, type TestDatabase } from '@parley/testkit';
import { startUserService } from '../src/app.js';
import { readUserServiceConfig } from '../src/config.js';

export const password = 'correct horse';
const withinMs = 60_000;

/** A user-service over its own database, and a client. */
export class Accounts {
  readonly owner: Pool;
  readonly database: TestDatabase;
  readonly #running: RunningService;
  readonly #client: Client;

  private constructor(database: TestDatabase, running: RunningService) {
    this.database = database;
    this.owner = openTestPool(database.ownerUrl, 2);
    this.#running = running;
    this.#client = new Client(running.listens.grpc as string, credentials.createInsecure(), clientOptions);
  }

  static async start(env: Record<string, string> = {}, on?: TestDatabase): Promise<Accounts> {
    const database = on ?? (await openTestDatabase());
    const PARLEY_DATABASE_URL = database.urlFor('chat_user');
    const settings = readSettings({ PARLEY_DATABASE_URL, PARLEY_PORT: '0', PARLEY_BCRYPT_COST: '4', ...env });
    const context = { settings, log: silentLogger(), metrics: new Metrics() };
    return new Accounts(database, await startUserService(readUserServiceConfig(settings), context));
  }

  register(userId: string, more: Partial<RegisterRequest> = {}) {
    const request = RegisterRequest.fromPartial({ userId, password, ...more });
    return callPatiently(this.#client, UserService.register, request, { withinMs });
  }

  login(userId: string, more: Partial<LoginRequest> = {}): Promise<LoginResponse> {
    const request = LoginRequest.fromPartial({ userId, password, ...more });
    return callPatiently(this.#client, UserService.login, request, { withinMs });
  }

  /** Logs in with one call, which an overloaded machine may refuse. */
  loginOnce(userId: string): Promise<LoginResponse> {
    const request = LoginRequest.fromPartial({ userId, password });
    return callUnary(this.#client, UserService.login, request, { withinMs });
  }

  /** Registers a user and logs in. */
  async token(userId: string, more: Partial<RegisterRequest> = {}): Promise<string> {
    await this.register(userId, more);
    return (await this.login(userId)).token;
  }

  logout(token: string, more: Partial<LogoutRequest> = {}) {
    const request = LogoutRequest.fromPartial(more);
    return callPatiently(this.#client, UserService.logout, request, { token, withinMs });
  }

  async sessions(token: string): Promise<Session[]> {
    const request = Empty.create();
    return (await callPatiently(this.#client, UserService.listSessions, request, { token, withinMs })).sessions;
  }

  get(token: string, who: Partial<User>): Promise<User> {
    return callPatiently(this.#client, UserService.get, User.fromPartial(who), { token, withinMs });
  }

  search(token: string, text: string, page: Partial<Page> = {}): Promise<SearchUsersResponse> {
    const request = SearchUsersRequest.fromPartial({ text, page });
    return callPatiently(this.#client, UserService.search, request, { token, withinMs });
  }

  /** Resets the password of a user and returns the one-time password. */
  async resetPassword(token: string, id: string): Promise<string> {
    const request = User.fromPartial({ id });
    return (await callPatiently(this.#client, UserService.resetPassword, request, { token, withinMs })).password;
  }

  createBot(token: string, bot: Partial<CreateBotRequest>): Promise<CreateBotResponse> {
    const request = CreateBotRequest.fromPartial(bot);
    return callPatiently(this.#client, UserService.createBot, request, { token, withinMs });
  }

  listBots(token: string, channelId: number, page: Partial<Page> = {}): Promise<SearchUsersResponse> {
    const request = ListBotsRequest.fromPartial({ channelId, page });
    return callPatiently(this.#client, UserService.listBots, request, { token, withinMs });
  }

  revokeBot(token: string, id: string) {
    return callPatiently(this.#client, UserService.revokeBot, User.fromPartial({ id }), { token, withinMs });
  }

  setCommands(token: string, botId: string, commands: readonly (readonly [name: string, description: string])[]) {
    const given = commands.map(([name, description]) => ({ name, description }));
    const asked = SetBotCommandsRequest.fromPartial({ botId, commands: given });
    return callPatiently(this.#client, UserService.setBotCommands, asked, { token, withinMs });
  }

  update(token: string, change: Partial<UpdateUserRequest>): Promise<User> {
    const request = UpdateUserRequest.fromPartial(change);
    return callPatiently(this.#client, UserService.update, request, { token, withinMs });
  }

  async sql(text: string, values: unknown[] = []): Promise<Record<string, unknown>[]> {
    return (await this.owner.query<Record<string, unknown>>(text, values)).rows;
  }

  /**
   * Sets the rate limit of the address of the test to `seconds` ahead, and makes a call that the
   * limit refuses. Repeats both if the machine stalls until the limit allows the call.
   */
  async refusalAt(key: string, seconds: number, call: () => Promise<unknown>): Promise<Refusal> {
    for (;;) {
      await this.sql(
        `INSERT INTO chat.rate VALUES ($1, now() + make_interval(secs => $2)) ON CONFLICT (key) DO UPDATE SET tat = excluded.tat`,
        [`${key}:127.0.0.1`, seconds],
      );
      const refused = await call().then(
        () => undefined,
        (thrown: Refusal) => thrown,
      );
      if (refused !== undefined) return refused;
    }
  }

  async stop(): Promise<void> {
    this.#client.close();
    await this.#running.stop();
    await this.owner.end();
  }
}

/** Returns the refusal reason of a call. */
export async function reasonOf(call: Promise<unknown>): Promise<Reason | 'ok'> {
  try {
    await call;
    return 'ok';
  } catch (error) {
    if (error instanceof Refusal) return error.reason;
    throw error;
  }
}
