import type { Pool } from '@parley/database';
import { limits, Refusal, refuse } from '@parley/runtime';

import type { Call } from '../grpc/call.js';
import type { StreamHandler, UnaryHandler } from '../grpc/service.js';
import { ReadThrottle } from './read-rates.js';
import { serviceToken, type UserClaims, userAudience, userToken } from './tokens.js';
import type { TrustedKeys } from './trusted-keys.js';
import { KeyedSemaphore } from './turns.js';

/** A user with a living session. */
export interface UserCaller {
  readonly id: string;
  readonly number: number;
  readonly name: string;
  /** From the row, not from the token. */
  readonly role: 'user' | 'admin' | 'guest';
  readonly sessionId: string;
}

interface CallerRow {
  readonly id: string;
  readonly number: number;
  readonly name: string;
  readonly role: UserCaller['role'];
  readonly status: 'active' | 'suspended' | 'deleted';
  readonly living: boolean;
}

const readCaller = {
  name: 'caller',
  text: `SELECT u.id, u.number, u.name, u.role, u.status, s.revoked_at IS NULL AND s.expires_at > now() AS living
    FROM chat.session s JOIN chat.users u ON u.id = s.user_id WHERE s.id = $1`,
};

/** One user never holds the whole pool, unless it is a single connection. */
export function callsPerUser(connections: number): number {
  return Math.max(1, Math.min(limits.callsPerUser, connections - 1));
}

/** Tells who calls: verifies the token, then reads the row that says whether it still counts. */
export class Callers {
  readonly #keys: TrustedKeys;
  readonly #pool: Pool;
  readonly #turns: KeyedSemaphore;
  readonly #reads = new ReadThrottle();

  constructor(keys: TrustedKeys, pool: Pool) {
    this.#keys = keys;
    this.#pool = pool;
    this.#turns = new KeyedSemaphore(callsPerUser(pool.options.max), limits.callsWaitingPerUser);
  }

  /**
   * The user of the call's bearer token.
   * @throws {Refusal} `unauthenticated`, `invalid-token`, `expired-token`, `logged-out` or `suspended`.
   */
  async user(call: Call): Promise<UserCaller> {
    return this.#living(await this.#claimed(call));
  }

  /**
   * The user of a call that is about to be answered. Few of a user's calls are answered at once, until each answer is
   * taken: everybody's wait for the same database connections, and what nobody takes is held in memory.
   * @throws {Refusal} `read-too-often`, `too-busy`, or what `user` throws.
   */
  async enter(call: Call): Promise<UserCaller> {
    const claims = await this.#claimed(call);
    this.#reads.count(claims.sub, call.rpc);
    await this.#turns.take(claims.sub);
    call.onOver(() => this.#turns.pass(claims.sub));
    return this.#living(claims);
  }

  async #claimed(call: Call): Promise<UserClaims> {
    const { claims } = await this.#keys.verify(call.bearer(), userToken, userAudience);
    call.facts.user = claims.sub;
    return claims;
  }

  async #living(claims: UserClaims): Promise<UserCaller> {
    const { rows } = await this.#pool.query<CallerRow>({ ...readCaller, values: [claims.sid] });
    const [row] = rows;
    if (row === undefined || !row.living || row.id !== claims.sub || row.status === 'deleted')
      throw refuse('logged-out');
    if (row.status === 'suspended') throw refuse('suspended');
    return { id: row.id, number: row.number, name: row.name, role: row.role, sessionId: claims.sid };
  }

  /**
   * The boot id of a service whose token is for `audience`.
   * @throws {Refusal} `unauthenticated` without a token, `not-a-service` with any other.
   */
  async service(call: Call, purpose: 'manager' | 'chat' | 'gateway', audience: string): Promise<string> {
    const token = call.bearer();
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

/** A method for users: the handler is given who calls. */
export function forUser<Q, S>(
  callers: Callers,
  answer: (request: Q, me: UserCaller, call: Call) => Promise<S>,
): UnaryHandler<Q, S> {
  return async (request, call) => answer(request, await callers.enter(call), call);
}

/** A streaming method for users. */
export function streamForUser<Q, S>(
  callers: Callers,
  answer: (request: Q, me: UserCaller, call: Call) => AsyncIterable<S>,
): { stream: StreamHandler<Q, S> } {
  return {
    async *stream(request, call) {
      yield* answer(request, await callers.enter(call), call);
    },
  };
}

/** A method for one kind of service: the handler is given the caller's boot id. */
export function forService<Q, S>(
  callers: Callers,
  purpose: 'manager' | 'chat' | 'gateway',
  audience: string,
  answer: (request: Q, bootId: string, call: Call) => Promise<S>,
): UnaryHandler<Q, S> {
  return async (request, call) => answer(request, await callers.service(call, purpose, audience), call);
}
