import { ChannelStatus, MemberRole, Resume } from '@parley/contract';
import { limits } from '@parley/runtime';
import { channelKinds, keepOf } from '@parley/service-kit';
import type { LiveChannel, Person } from '../core/live-channel.js';
import type { TakenSeat } from '../store/seats.js';
import { encodeWelcome } from './frames.js';

const roles = { admin: MemberRole.ADMIN, member: MemberRole.MEMBER, none: MemberRole.UNSPECIFIED } as const;

/** Values of Welcome beside the channel. */
export interface Welcoming {
  readonly me: Person;
  readonly resume: Resume;
  /** Last seq that the client has seen. */
  readonly seen: number;
  readonly pingEveryMs: number;
  readonly messageBytes: number;
  readonly nowMs: number;
}

/** Builds the channel from its row and its users, including the new one. */
function channelOf(channel: LiveChannel, taken: TakenSeat, me: Person) {
  const most = taken.kind === 'room' ? limits.usersListedOfRoom : limits.usersListedOfChat;
  const others = channel.people(most).filter(({ id }) => id !== me.id);
  return {
    id: taken.channel_id,
    name: taken.name,
    users: [...others.slice(0, most - 1), me],
    limit: taken.user_limit,
    status: ChannelStatus.SERVING,
    kind: channelKinds[taken.kind],
    ownerId: taken.owner_id,
    description: taken.description,
    iconId: taken.icon_id ?? '',
    keep: keepOf(taken.keep_seconds, taken.keep_count),
    slowModeS: taken.slow_mode_s,
    closedHistory: !taken.open_history,
    createdAt: taken.created_ms,
    metadata: taken.metadata,
    userCount: channel.users,
    myRole: taken.owner_id === me.id ? MemberRole.OWNER : roles[taken.role],
  };
}

/** Encodes the first frame of a stream with events. Call it after the user has entered. */
export function welcome(channel: LiveChannel, taken: TakenSeat, welcoming: Welcoming): Uint8Array {
  const { me, resume, seen, pingEveryMs, messageBytes, nowMs } = welcoming;
  const gap = resume === Resume.GAP;
  return encodeWelcome({
    channel: channelOf(channel, taken, me),
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
  });
}
