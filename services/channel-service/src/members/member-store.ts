import { kindConstants } from '@parley/contract';
import {
  array,
  bool,
  bytea,
  type ChannelKind,
  db,
  enumeration,
  float8,
  int4,
  int8,
  loadSql,
  type MemberRole,
  type NotificationKind,
  nullable,
  type Queryable,
  type RowOf,
  text,
  type UserRole,
  uuid,
} from '@parley/database';
import { profileColumns } from '@parley/service-kit';

const memberships = loadSql('memberships.sql', import.meta.url);
const changes = loadSql('member-changes.sql', import.meta.url, kindConstants);

/** Role that a user gets by accepting an offer. */
export type OfferedRole = 'owner' | 'member';

const role = text.as<MemberRole>();
const offeredRole = text.as<OfferedRole>();
const member = { channelId: int4, userId: text };
const members = { channelId: int4, userIds: array(text) };
const noted = { before: int8, at: int8 };

export const readAccess = memberships.statement('readAccess', member, {
  kind: enumeration<ChannelKind>('chat.channel_kind'),
  ownerId: text,
  hasHistory: bool,
  openHistory: bool,
  logId: uuid,
  firstSeq: int8,
  lastSeq: int8,
  /** Role of the user; null, like `joinedSeq` and `leftSeq`, if the user was never a member. */
  role: nullable(role),
  joinedSeq: nullable(int8),
  /** Last seq that a former member may read; null for a current member. */
  leftSeq: nullable(int8),
  inside: bool,
  bannedForMs: int4,
});
export const readMembershipRows = memberships.statement(
  'readMembershipRows',
  { ...member, otherId: nullable(text) },
  {
    askedId: text,
    userId: text,
    /** Role of the user; null if the user was never a member. */
    role: nullable(role),
    known: bool,
    inside: bool,
    belonged: bool,
    leftByChoice: bool,
    bannedForMs: int4,
    offered: nullable(offeredRole),
    offeredBy: nullable(text),
  },
);
export const listMembers = memberships.statement(
  'listMembers',
  {
    channelId: int4,
    afterId: text,
    size: int8,
    includePast: bool,
    onlyPublic: bool,
    readerId: text,
    readerRole: text.as<UserRole>(),
  },
  {
    id: text,
    name: text,
    number: int4,
    inside: bool,
    rank: text.as<MemberRole | 'owner'>(),
    offered: nullable(offeredRole),
    /** Whether the reader has blocked the member. */
    blocked: bool,
    /** Time at which the member joined, in Unix ms; 0 for a former member. */
    joinedMs: int8,
    ...profileColumns,
  },
);
export const findUser = memberships.statement(
  'findUser',
  { lookerId: text, userId: text, channelId: nullable(int4) },
  {
    id: text,
    name: text,
    number: int4,
    visible: bool,
    reachable: bool,
    directId: nullable(int4),
    bars: bool,
    blocked: bool,
    shares: bool,
    met: bool,
    seen: bool,
    isElsewhere: bool,
    isBot: bool,
  },
);
export const countMembers = changes.statement('countMembers', { channelId: int4 }, { members: int4 });
export const appendMemberChange = changes.statement(
  'appendMemberChange',
  { channelId: int4, byId: text, change: bytea },
  noted,
);
export const nextRevision = changes.statement('nextRevision', { channelId: int4 }, noted);
export const enter = changes.statement('enter', { ...members, afterSeq: int8, isOpenHistory: bool });
export const leave = changes.statement('leave', { ...member, lastSeq: int8, byChoice: bool });
export const mute = changes.statement('mute', { ...member, untilMs: float8 });
export const ban = changes.statement('ban', { ...member, untilMs: float8 });
export const transferOwnership = changes.statement('transferOwnership', { ...member, maxChannels: int8 }, { id: int4 });
export const offerRole = changes.statement(
  'offerRole',
  { ...member, role: offeredRole, byId: text, payerId: text, maxOffers: int8, maxOffersOfOfferer: int8 },
  { role: offeredRole },
);

export const notifyUsers = changes.statement('notifyUsers', {
  ...members,
  kind: text.as<NotificationKind>(),
  byId: text,
});

/** Facts that decide which part of a channel a user may read. */
export type Access = RowOf<typeof readAccess>;

/** A user, with the facts that decide whether the caller may find and contact them. */
export type FoundUser = RowOf<typeof findUser>;

/** A member in a list. */
export type ListedMember = RowOf<typeof listMembers>;

/**
 * Position of a change in the log: the last seq before the change, and the seq of the change. Both
 * are equal if the change is not an entry.
 */
export type ChangePosition = RowOf<typeof nextRevision>;

export async function setRole(client: Queryable, channelId: number, userId: string, role: MemberRole): Promise<void> {
  await db(client)
    .updateTable('member')
    .set({ role })
    .where('channelId', '=', channelId)
    .where('userId', '=', userId)
    .execute();
}

/** Deletes a user's offer in a channel, if there is one. */
export async function endOffer(client: Queryable, channelId: number, userId: string): Promise<void> {
  await db(client).deleteFrom('offer').where('channelId', '=', channelId).where('userId', '=', userId).execute();
}
