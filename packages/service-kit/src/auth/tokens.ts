import * as z from 'zod';

/** Purpose of a key. It decides who may publish the key and what its tokens allow. */
export type TokenPurpose = 'user' | 'join' | 'manager' | 'chat' | 'gateway';

/** Audience of user tokens: all services. */
export const userAudience = 'parley';
/** Audience of service tokens for a manager. */
export const managerAudience = 'manager';

/** Kind of JWT. A token of one kind is never valid as another. */
export interface TokenKind<C> {
  readonly typ: 'user+jwt' | 'join+jwt' | 'service+jwt';
  readonly purpose: TokenPurpose;
  readonly lifeSeconds: number;
  readonly claims: z.ZodType<C>;
}

/**
 * Returns the issuer claim of a purpose.
 * @example
 * ```ts
 * import { issuerOf } from '@parley/service-kit';
 *
 * issuerOf('join'); // 'parley:join'
 * ```
 */
export function issuerOf(purpose: TokenPurpose): string {
  return `parley:${purpose}`;
}

const uuid = z.guid();
const number = z.number().int().positive();

/** Claims of a user token. */
export interface UserClaims {
  readonly sub: string;
  readonly num: number;
  readonly name: string;
  /** Role of the user, for the client only. Privileged calls read the role in the database. */
  readonly role: string;
  /**
   * Session id. Each call checks the row of the session in the database, so logout and suspension
   * take effect at once.
   */
  readonly sid: string;
}

/**
 * Kind of the token that Login returns.
 * @example
 * ```ts
 * import { type TrustedKeys, userAudience, userToken } from '@parley/service-kit';
 *
 * export async function userIdOf(keys: TrustedKeys, token: string): Promise<string> {
 *   return (await keys.verify(token, userToken, userAudience)).claims.sub;
 * }
 * ```
 */
export const userToken: TokenKind<UserClaims> = {
  typ: 'user+jwt',
  purpose: 'user',
  lifeSeconds: 7 * 86_400,
  claims: z.object({ sub: z.string().min(1), num: number, name: z.string(), role: z.string(), sid: uuid }),
};

/** Claims of a join token. */
export interface JoinClaims {
  readonly sub: string;
  readonly num: number;
  readonly sid: string;
  /** Channel id. */
  readonly ch: number;
  /** Seat id. */
  readonly jti: string;
  /** Base64 of the chat server's internal ip:port, for the proxy. */
  readonly route: string;
  /** Unix ms of the Listen. The client must connect soon afterwards. */
  readonly timestamp: number;
}

/**
 * Kind of the token that Listen returns. Its audience is the instance id of one chat server.
 * @example
 * ```ts
 * import { joinToken, type TrustedKeys } from '@parley/service-kit';
 *
 * export async function seatOf(keys: TrustedKeys, token: string, instanceId: string): Promise<string> {
 *   return (await keys.verify(token, joinToken, instanceId)).claims.jti;
 * }
 * ```
 */
export const joinToken: TokenKind<JoinClaims> = {
  typ: 'join+jwt',
  purpose: 'join',
  lifeSeconds: 12 * 3_600,
  claims: z.object({
    sub: z.string().min(1),
    num: number,
    sid: uuid,
    ch: number,
    jti: uuid,
    route: z.string(),
    timestamp: number,
  }),
};

/** Claims of a service token. */
export interface ServiceClaims {
  /** Instance id of the calling process. */
  readonly sub: string;
}

/**
 * Returns the kind of a token for calls between services. Its audience is `manager` or an instance
 * id.
 * @example
 * ```ts
 * import { serviceToken } from '@parley/service-kit';
 *
 * serviceToken('manager').lifeSeconds; // 60
 * ```
 */
export function serviceToken(purpose: 'manager' | 'chat' | 'gateway'): TokenKind<ServiceClaims> {
  return { typ: 'service+jwt', purpose, lifeSeconds: 60, claims: z.object({ sub: uuid }) };
}
