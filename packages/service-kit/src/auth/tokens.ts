import { z } from 'zod';

/** Who may publish a key, and what its tokens open. */
export type TokenPurpose = 'user' | 'join' | 'manager' | 'chat' | 'gateway';

/** The audience of user tokens: every door of Parley. */
export const userAudience = 'parley';
/** The audience of service tokens for a manager. */
export const managerAudience = 'manager';

/** A kind of JWT: the rules for one are useless for another. */
export interface TokenKind<C> {
  readonly typ: 'user+jwt' | 'join+jwt' | 'service+jwt';
  readonly purpose: TokenPurpose;
  readonly lifeSeconds: number;
  readonly claims: z.ZodType<C>;
}

/** The issuer claim of a purpose. */
export function issuerOf(purpose: TokenPurpose): string {
  return `parley:${purpose}`;
}

const uuid = z.guid();
const number = z.number().int().positive();

export interface UserClaims {
  readonly sub: string;
  readonly num: number;
  readonly name: string;
  /** Informs the client; privileged calls read the row. */
  readonly role: string;
  /** The session row: logout and suspension are true at once. */
  readonly sid: string;
}

/** What Login gives. */
export const userToken: TokenKind<UserClaims> = {
  typ: 'user+jwt',
  purpose: 'user',
  lifeSeconds: 7 * 86_400,
  claims: z.object({ sub: z.string().min(1), num: number, name: z.string(), role: z.string(), sid: uuid }),
};

export interface JoinClaims {
  readonly sub: string;
  readonly num: number;
  readonly sid: string;
  /** The channel. */
  readonly ch: number;
  /** The seat. */
  readonly jti: string;
  /** Base64 of the chat server's internal ip:port, for the proxy. */
  readonly route: string;
  /** Unix ms of the Listen (seed 000: the time of joining must be close to it). */
  readonly timestamp: number;
}

/** What Listen gives; its audience is the boot id of one chat server. */
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

export interface ServiceClaims {
  /** The boot id of the process that calls. */
  readonly sub: string;
}

/** What a service calls another one with; its audience is `manager` or a boot id. */
export function serviceToken(purpose: 'manager' | 'chat' | 'gateway'): TokenKind<ServiceClaims> {
  return { typ: 'service+jwt', purpose, lifeSeconds: 60, claims: z.object({ sub: uuid }) };
}
