import { ChannelStatus, MemberRole, Resume, type Welcome } from '@parley/contract';
import { limits } from '@parley/runtime';
import { channelFieldsOf } from '@parley/service-kit';
import type { LiveChannel, Person } from '../core/live-channel.js';
import type { ClaimedSeat } from '../store/seats.js';

const roles = { admin: MemberRole.ADMIN, member: MemberRole.MEMBER, none: MemberRole.UNSPECIFIED } as const;

/** Fields of a Welcome. The others have their default values. */
export type WelcomeFields = Parameters<typeof Welcome.fromPartial>[0];

/** Values of Welcome other than the channel. */
export interface Welcoming {
  readonly me: Person;
  readonly resume: Resume;
  /** Last seq that the client has seen. */
  readonly seen: number;
  readonly pingEveryMs: number;
  readonly messageBytes: number;
  readonly nowMs: number;
}

/**
 * Returns the `Channel` of a welcome: the row of the channel, and the users in it, including the
 * new one.
 */
function channelOf(channel: LiveChannel, claimed: ClaimedSeat, me: Person) {
  const most = claimed.kind === 'room' ? limits.usersListedOfRoom : limits.usersListedOfChat;
  const others = channel.people(most).filter(({ id }) => id !== me.id);
  return {
    id: claimed.channelId,
    ...channelFieldsOf(claimed),
    users: [...others.slice(0, most - 1), me],
    status: ChannelStatus.SERVING,
    userCount: channel.users,
    myRole: claimed.ownerId === me.id ? MemberRole.OWNER : roles[claimed.role],
  };
}

/** Returns the first frame of a stream with events. Call it after the user has entered. */
export function welcome(channel: LiveChannel, claimed: ClaimedSeat, welcoming: Welcoming): WelcomeFields {
  const { me, resume, seen, pingEveryMs, messageBytes, nowMs } = welcoming;
  const gap = resume === Resume.GAP;
  return {
    channel: channelOf(channel, claimed, me),
    me,
    log: channel.facts.log,
    lastSeq: channel.lastSeq,
    resume,
    missingFrom: gap ? seen + 1 : 0,
    missingTo: gap ? channel.lastSeq : 0,
    pingEveryMs,
    maxBytes: messageBytes,
    now: nowMs,
    here: channel.users,
  };
}
