import type { Channel, DisconnectRequest, DrainRequest } from '@parley/contract';
import { isReason, limits, type Reason, refuse } from '@parley/runtime';
import { type Callers, forService } from '@parley/service-kit';
import type { Channels } from '../core/channels.js';
import type { ChannelLoader } from '../session/channel-loader.js';
import type { ChatSession, CloseInfo } from '../session/session.js';
import type { SessionFilter, Sessions } from '../session/sessions.js';
import type { HeadStore } from '../store/heads.js';

export interface CommandDeps {
  readonly bootId: string;
  readonly callers: Callers;
  readonly channels: Channels;
  readonly sessions: Sessions;
  readonly heads: HeadStore;
  readonly channelLoader: ChannelLoader;
  /** Shows all that is committed in their channels, before they hear that they were removed. */
  readonly showLast: (sessions: readonly ChatSession[]) => Promise<void>;
  /** Begins to give every channel back; returns at once. */
  readonly drain: (withinMs: number) => void;
}

const nothing = {};

function checkId(id: number): number {
  if (id < 1 || id > limits.channelId) throw refuse('invalid-channel-id');
  return id;
}

/** Add is a hint: who owns the channel is what its head says. */
async function add(channel: Channel, { heads, channelLoader }: CommandDeps) {
  const id = checkId(channel.id);
  if (channel.users.length > 0) throw refuse('channel-occupied', { words: 'a channel is added without users' });
  const head = await heads.ownedByMe(id);
  if (head === undefined) throw refuse('not-mine');
  channelLoader.open(head);
  return nothing;
}

async function remove(channel: Channel, { sessions, channels }: CommandDeps) {
  const id = checkId(channel.id);
  if (sessions.find({ channelId: id }).length > 0) throw refuse('channel-occupied');
  const live = channels.find(id);
  if (live !== undefined) channels.close(live);
  return nothing;
}

function filterOf({ channelId, userId, seatId }: DisconnectRequest): SessionFilter {
  return {
    ...(channelId === 0 ? {} : { channelId }),
    ...(userId === '' ? {} : { userId }),
    ...(seatId === '' ? {} : { seat: seatId }),
  };
}

async function disconnect(request: DisconnectRequest, { sessions, showLast }: CommandDeps) {
  const { reason: word, listenAgain = false, retryAfterMs = 0 } = request.goodbye ?? {};
  const reason: Reason = isReason(word) ? word : 'kicked';
  const parting: CloseInfo = { listenAgain, retryAfterMs };
  const leaving = sessions.find(filterOf(request));
  if (reason === 'removed') await showLast(leaving);
  for (const session of leaving) session.goodbye(reason, parting);
  return nothing;
}

async function drainAll({ deadlineMs }: DrainRequest, { drain }: CommandDeps) {
  if (deadlineMs > limits.drainMs) throw refuse('invalid-deadline');
  drain(deadlineMs || limits.drainDefaultMs);
  return nothing;
}

/** What a manager tells a chat server: Add, Remove, Disconnect, Drain. */
export function createCommands(deps: CommandDeps) {
  const { callers, bootId } = deps;
  return {
    add: forService(callers, 'manager', bootId, (channel: Channel) => add(channel, deps)),
    remove: forService(callers, 'manager', bootId, (channel: Channel) => remove(channel, deps)),
    disconnect: forService(callers, 'manager', bootId, (request: DisconnectRequest) => disconnect(request, deps)),
    drain: forService(callers, 'manager', bootId, (request: DrainRequest) => drainAll(request, deps)),
  };
}
