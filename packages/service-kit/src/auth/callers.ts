import {
  array,
  bool,
  bytea,
  int4,
  int8,
  loadSql,
  nullable,
  type Pool,
  type RowOf,
  text,
  type UserRole,
  type UserStatus,
  uuid,
} from '@parley/database';
import { limits, type Reason, Refusal, refuse } from '@parley/runtime';
import { BatchedReads } from '../batched-reads.js';
import type { Call } from '../grpc/call.js';
import type { AuthenticatedHandler } from '../grpc/service.js';
import { botTokenHash, isBotToken, isWebhookToken } from './bot-tokens.js';
import { KeyedSemaphore } from './keyed-semaphore.js';
import { ReadThrottle } from './read-throttle.js';
import { serviceToken, type UserClaims, userAudience, userToken } from './tokens.js';
import type { TrustedKeys } from './trusted-keys.js';

/** Authenticated user with a valid session. */
export interface UserCaller {
  readonly id: string;
  readonly number: number;
  readonly name: string;
  /** Role in the database, not in the token. */
  readonly role: UserRole;
  readonly sessionId: string;
  /** The only channel that this bot may be in. Absent for other bots and for people. */
  readonly onlyChannelId?: number;
  /**
   * The user who made this bot for one channel. People whom the bot contacts count against the
   * limits of this user. Absent for bots of operators and for people.
   */
  readonly creatorId?: string;
}

const sql = loadSql('callers.sql', import.meta.url);
const callerColumns = {
  id: text,
  number: int4,
  name: text,
  role: text.as<UserRole>(),
  status: text.as<UserStatus>(),
  hasSession: bool,
  /** Whether the user logged in with a one-time password and has not replaced it yet. */
  mustChangePassword: bool,
};
const readCallers = sql.statement('readCallers', { sessionIds: array(uuid) }, { ...callerColumns, session: int8 });
const readBotCaller = sql.statement(
  'readBotCaller',
  { tokenHash: bytea },
  { ...callerColumns, sessionId: uuid, onlyChannelId: nullable(int4), creatorId: nullable(text) },
);

type CallerRow = Omit<RowOf<typeof readCallers>, 'session'>;

/** Key of the slots that all unknown bot tokens share. No user has this id. */
const unknownBots = 'unknown bots';
/** Reasons of a token that is invalid, or whose session or account has ended. */
const hasEnded: ReadonlySet<Reason> = new Set<Reason>(['invalid-token', 'logged-out', 'suspended']);
const botsRemembered = 10_000;
/** Maximum number of sessions that one statement reads. */
const sessionsAtOnce = 500;

/**
 * Returns the caller of a row. @throws {Refusal} `logged-out`, `suspended` or
 * `must-change-password`.
 */
function callerOf(row: CallerRow, sessionId: string, changesPassword = false): UserCaller {
  if (!row.hasSession || row.status === 'deleted') throw refuse('logged-out');
  if (row.status === 'suspended') throw refuse('suspended');
  if (row.mustChangePassword && !changesPassword) throw refuse('must-change-password');
  return { id: row.id, number: row.number, name: row.name, role: row.role, sessionId };
}

/**
 * Returns the number of concurrent calls that one user may have: fewer than the database
 * connections, so that other users get a connection too.
 */
export function callsPerUser(connections: number): number {
  return Math.max(1, Math.min(limits.callsPerUser, connections - 1));
}

/**
 * Authenticates callers: verifies the token, then checks its session in the database.
 * @example
 * ```ts
 * import type { Pool } from '@parley/database';
 * import { type Call, Callers, type TrustedKeys } from '@parley/service-kit';
 *
 * export async function callerId(keys: TrustedKeys, pool: Pool, call: Call): Promise<string> {
 *   return (await new Callers(keys, pool).user(call)).id;
 * }
 * ```
 */
export class Callers {
  readonly #keys: TrustedKeys;
  readonly #pool: Pool;
  readonly #slots: KeyedSemaphore;
  /** Slots for reads of bots. There are fewer of them than database connections. */
  readonly #botReads: KeyedSemaphore;
  /** Reads the sessions of all callers. Callers that come at the same time share a statement. */
  readonly #sessions: BatchedReads<string, CallerRow>;
  readonly #reads = new ReadThrottle();
  /** Ids of bots by their tokens. */
  readonly #bots = new Map<string, string>();
  readonly #areCertified: boolean;

  /** With `areCertified`, services need a certificate besides their token. */
  constructor(keys: TrustedKeys, pool: Pool, areCertified = false) {
    this.#keys = keys;
    this.#areCertified = areCertified;
    this.#pool = pool;
    this.#slots = new KeyedSemaphore(callsPerUser(pool.options.max), limits.callsWaitingPerUser);
    const atOnce = Math.max(1, pool.options.max - 2);
    this.#botReads = new KeyedSemaphore(atOnce, limits.startsWaiting);
    const bounds = { atOnce, mostInBatch: sessionsAtOnce, mostWaiting: limits.startsWaiting };
    this.#sessions = new BatchedReads((sessionIds) => this.#readSessions(sessionIds), bounds);
  }

  /**
   * Returns the user of the call's bearer token.
   * @throws {Refusal} `unauthenticated`, `invalid-token`, `expired-token`, `logged-out`,
   * `suspended` or `must-change-password`.
   */
  async user(call: Call): Promise<UserCaller> {
    return this.userOf(call.bearer(), call.facts);
  }

  /**
   * Returns the user of a user token or a bot token, and notes the user in the facts for the log.
   * @throws {Refusal} `invalid-token`, `expired-token`, `logged-out`, `suspended` or
   * `must-change-password`.
   */
  async userOf(token: string, facts: Call['facts'] = {}): Promise<UserCaller> {
    if (isBotToken(token)) return this.#bot(token, facts);
    return this.#sessionUser(await this.#verified(token, facts), false);
  }

  /**
   * Authenticates a call and waits for a free slot of its user. The slot becomes free only when the
   * caller has read the response, because unread responses stay in memory. Slots exist because all
   * users share the database connections. With `changesPassword`, the call is allowed even if the
   * user must replace a one-time password first.
   * @throws {Refusal} `read-too-often`, `too-busy`, or a reason of `user`.
   */
  async enter(call: Call, changesPassword = false): Promise<UserCaller> {
    if (isBotToken(call.bearer())) return this.#enterBot(call);
    const claims = await this.#verified(call.bearer(), call.facts);
    this.#countRead(claims.sub, call);
    await this.#occupy(claims.sub, call);
    return this.#sessionUser(claims, changesPassword);
  }

  /**
   * Returns the user of a token that a gateway passes on with a post. Like `userOf`, but also accepts
   * the token of an incoming webhook.
   * @throws {Refusal} a reason of `userOf`.
   */
  async senderOf(token: string): Promise<UserCaller> {
    return isWebhookToken(token) ? this.#bot(token, {}) : this.userOf(token);
  }

  /**
   * Authenticates a post to an incoming webhook. Only this method and `senderOf` accept its token.
   * @throws {Refusal} `webhook-not-found`, also if the webhook has ended, or `too-busy`.
   */
  async enterWebhook(call: Call): Promise<UserCaller> {
    const token = call.bearer();
    if (!isWebhookToken(token)) throw refuse('webhook-not-found');
    try {
      return await this.#slots.run(this.#slotOfBot(token), () => this.#bot(token, call.facts));
    } catch (thrown) {
      throw thrown instanceof Refusal && hasEnded.has(thrown.reason) ? refuse('webhook-not-found') : thrown;
    }
  }

  /**
   * Authenticates a call whose response is a long stream: like `enter`, but the slot is free again
   * as soon as the caller is known. If many users come at once, a few statements read the sessions
   * of all of them, so other work still gets a database connection.
   * @throws {Refusal} `read-too-often`, `too-busy`, or a reason of `user`.
   */
  async enterStream(call: Call): Promise<UserCaller> {
    const token = call.bearer();
    const claims = isBotToken(token) ? undefined : await this.#verified(token, call.facts);
    const read = () => (claims === undefined ? this.#bot(token, call.facts) : this.#sessionUser(claims, false));
    const me = await this.#slots.run(claims?.sub ?? this.#slotOfBot(token), read);
    this.#reads.count(me.id, call.rpc);
    return me;
  }

  #countRead(userId: string, call: Call): void {
    this.#reads.count(userId, call.rpc);
    call.onMessage = (bytes) => this.#reads.charge(userId, call.rpc, bytes);
  }

  async #occupy(slot: string, call: Call): Promise<void> {
    await this.#slots.acquire(slot);
    call.onOver(() => this.#slots.release(slot));
  }

  /**
   * Returns the key of the slots of a bot. All tokens that have not been found yet share the slots
   * of one user, so that invented tokens cannot keep all connections busy.
   */
  #slotOfBot(token: string): string {
    return this.#bots.get(token) ?? unknownBots;
  }

  /** Waits for a free slot, and finds the bot of a token in the database. */
  async #enterBot(call: Call): Promise<UserCaller> {
    await this.#occupy(this.#slotOfBot(call.bearer()), call);
    const bot = await this.#bot(call.bearer(), call.facts);
    this.#countRead(bot.id, call);
    return bot;
  }

  async #bot(token: string, facts: Call['facts']): Promise<UserCaller> {
    const ofToken = { tokenHash: botTokenHash(token) };
    const [row] = await this.#botReads.run('bots', () => readBotCaller.run(this.#pool, ofToken));
    if (row === undefined) throw refuse('invalid-token');
    facts.user = row.id;
    const { sessionId, onlyChannelId, creatorId } = row;
    const bot = callerOf(row, sessionId);
    if (this.#bots.size >= botsRemembered) this.#bots.clear();
    this.#bots.set(token, bot.id);
    return { ...bot, ...(onlyChannelId !== null && { onlyChannelId }), ...(creatorId !== null && { creatorId }) };
  }

  async #verified(token: string, facts: Call['facts']): Promise<UserClaims> {
    const { claims } = await this.#keys.verify(token, userToken, userAudience);
    facts.user = claims.sub;
    return claims;
  }

  async #sessionUser(claims: UserClaims, changesPassword: boolean): Promise<UserCaller> {
    const row = await this.#sessions.ask(claims.sid);
    if (row === undefined || row.id !== claims.sub) throw refuse('logged-out');
    return callerOf(row, claims.sid, changesPassword);
  }

  /** Returns the users of sessions, in order. */
  async #readSessions(sessionIds: readonly string[]): Promise<(CallerRow | undefined)[]> {
    const found = new Map<number, CallerRow>();
    for (const row of await readCallers.run(this.#pool, { sessionIds })) found.set(row.session, row);
    return sessionIds.map((_, at) => found.get(at + 1));
  }

  /**
   * Returns the instance id of the calling service. Its token must be for `audience`.
   * @throws {Refusal} `unauthenticated` without a token, `not-a-service` with any other token, and
   * `no-certificate` without the certificate that this process requires.
   */
  async service(call: Call, purpose: 'manager' | 'chat' | 'gateway', audience: string): Promise<string> {
    const token = call.bearer();
    if (this.#areCertified && !call.isCertified) throw refuse('no-certificate');
    try {
      const { claims, signer } = await this.#keys.verify(token, serviceToken(purpose), audience);
      if (claims.sub !== signer) throw refuse('invalid-token');
      call.facts.node = claims.sub;
      return claims.sub;
    } catch (cause) {
      throw cause instanceof Refusal ? refuse('not-a-service', { cause }) : cause;
    }
  }
}

async function enterFirst<Q, A>(
  callers: Callers,
  call: Call,
  answer: (request: Q, me: UserCaller, call: Call) => A,
  changesPassword = false,
): Promise<(request: Q) => A> {
  const me = await callers.enter(call, changesPassword);
  return (request) => answer(request, me, call);
}

/**
 * Creates a handler for users. `answer` receives the caller. With `changesPassword`, the handler
 * also serves users who must replace a one-time password first.
 * @example
 * ```ts
 * import { User, UserService } from '@parley/contract';
 * import { forUser, type GrpcServerBuilder, type ServiceHost } from '@parley/service-kit';
 *
 * export function addProfiles(builder: GrpcServerBuilder, host: ServiceHost) {
 *   builder.add(UserService, {
 *     get: forUser(host.callers, async (_request, me) => User.fromPartial({ id: me.id, name: me.name })),
 *   });
 * }
 * ```
 */
export function forUser<Q, S>(
  callers: Callers,
  answer: (request: Q, me: UserCaller, call: Call) => Promise<S>,
  { changesPassword = false }: { readonly changesPassword?: boolean } = {},
): AuthenticatedHandler<Q, Promise<S>> {
  return { authenticate: (call) => enterFirst(callers, call, answer, changesPassword) };
}

/**
 * Creates a server-streaming handler for users.
 * @example
 * ```ts
 * import { Channel, ChannelService } from '@parley/contract';
 * import { type GrpcServerBuilder, type ServiceHost, streamForUser } from '@parley/service-kit';
 *
 * export function addList(builder: GrpcServerBuilder, host: ServiceHost) {
 *   builder.add(ChannelService, {
 *     list: streamForUser(host.callers, async function* (_request, me) {
 *       yield Channel.fromPartial({ ownerId: me.id });
 *     }),
 *   });
 * }
 * ```
 */
export function streamForUser<Q, S>(
  callers: Callers,
  answer: (request: Q, me: UserCaller, call: Call) => AsyncIterable<S>,
): AuthenticatedHandler<Q, AsyncIterable<S>> {
  return { authenticate: (call) => enterFirst(callers, call, answer) };
}

/**
 * Creates a handler for one kind of service. `answer` receives the instance id of the caller.
 * @example
 * ```ts
 * import { type ReportRequest } from '@parley/contract';
 * import { forService, managerAudience, type ServiceHost } from '@parley/service-kit';
 *
 * export const reportHandler = ({ callers }: ServiceHost) =>
 *   forService(callers, 'chat', managerAudience, async (request: ReportRequest, instanceId) => {
 *     console.log(`${instanceId} serves ${request.channels.length} channels`);
 *     return {};
 *   });
 * ```
 */
export function forService<Q, S>(
  callers: Callers,
  purpose: 'manager' | 'chat' | 'gateway',
  audience: string,
  answer: (request: Q, instanceId: string, call: Call) => Promise<S>,
): AuthenticatedHandler<Q, Promise<S>> {
  return {
    authenticate: async (call) => {
      const instanceId = await callers.service(call, purpose, audience);
      return (request) => answer(request, instanceId, call);
    },
  };
}
