import { kindConstants } from '@parley/contract';
import { type ChannelKind, type MemberRole, statements } from '@parley/database';

const sql = statements(import.meta.url, kindConstants);

/** Range a user may read in a channel, with the membership it depends on. */
export interface Access {
  readonly kind: ChannelKind;
  readonly owner_id: string;
  readonly has_history: boolean;
  readonly open_history: boolean;
  readonly log_id: string;
  readonly first_seq: number;
  readonly last_seq: number;
  /** null, like the next two: never a member. */
  readonly role: MemberRole | null;
  readonly joined_seq: number | null;
  /** Also null for a current member. */
  readonly left_seq: number | null;
  readonly inside: boolean;
  readonly banned: boolean;
}

export const access = sql<Access, [channelId: number, userId: string]>('access');

/** A user as another user may find them. */
export interface PersonRow {
  readonly id: string;
  readonly name: string;
  readonly number: number;
  /** Active, and visible to the reader. */
  readonly reachable: boolean;
  /** Has banned the reader in their direct chat. */
  readonly bars: boolean;
  /** Shares a chat that is not public with the reader. */
  readonly shares: boolean;
  /** Has been met in the given channel. */
  readonly met: boolean;
}

/** Role that a user gets by accepting an offer. */
export type OfferResult = 'owner' | 'member';

/** Membership of one user in a channel. */
export interface MembershipRow {
  readonly user_id: string;
  /** null: never a member. */
  readonly role: MemberRole | null;
  readonly known: boolean;
  /** Is or was a member. */
  readonly belonged: boolean;
  readonly inside: boolean;
  readonly left_by_choice: boolean;
  readonly banned: boolean;
  readonly offered: OfferResult | null;
  readonly offered_by: string | null;
}

/**
 * Position of a change in the log: the last seq before it and its own seq, which are equal if it is
 * not an entry.
 */
export interface NotedEntry {
  readonly before: number;
  readonly at: number;
}

/** A member in a list. */
export interface MemberRow {
  readonly id: string;
  readonly name: string;
  readonly number: number;
  readonly inside: boolean;
  readonly rank: MemberRole | 'owner';
  readonly offered: OfferResult | null;
}

type OfMember<Value> = [channelId: number, userId: string, value: Value];

export const person = sql<PersonRow, [lookerId: string, userId: string, channelId: number | null]>('person');

export const memberships = sql<MembershipRow, [channelId: number, userIds: readonly string[]]>('memberships');

export const memberCount = sql<{ members: number }, [channelId: number]>('member-count');

export const appendMember = sql<NotedEntry, [channelId: number, byId: string, change: Uint8Array]>('append-member');

export const nextRoster = sql<NotedEntry, [channelId: number]>('next-roster');

export const enter = sql<never, [channelId: number, userId: string, afterSeq: number, openHistory: boolean]>('enter');

export const leave = sql<never, [...OfMember<number>, byChoice: boolean]>('leave');

export const setRole = sql<never, OfMember<MemberRole>>('set-role');

export const mute = sql<never, OfMember<number>>('mute');

export const ban = sql<never, OfMember<number>>('ban');

export const handOver = sql<{ id: number }, [channelId: number, userId: string, channelsPerUser: number]>('hand-over');

export const offer = sql<
  { role: OfferResult },
  [channelId: number, userId: string, role: OfferResult, byId: string, offersPerUser: number, offersPerOfferer: number]
>('offer');

export const endOffer = sql<never, [channelId: number, userId: string]>('end-offer');

export const members = sql<
  MemberRow,
  [channelId: number, afterId: string, size: number, pastToo: boolean, onlyPublic: boolean, lookerId: string]
>('members');
