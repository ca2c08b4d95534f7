import { randomUUID } from 'node:crypto';
import type { Channel, DisconnectRequest } from '@parley/contract';
import { type Callers, forService } from '@parley/rpc';
import { isReason, limits, type Reason, refuse } from '@parley/runtime';
import type { Channels } from '../core/channels.js';
import type { HeadStore } from '../store/heads.js';
import type { Sessions } from './sessions.js';

export interface CommandDeps {
  readonly bootId: string;
  readonly callers: Callers;
  readonly channels: Channels;
  readonly sessions: Sessions;
  readonly heads: HeadStore;
  readonly now: () => number;
}

const nothing = {};

function checkId(id: number): number {
  if (id < 1 || id > limits.channelId) throw refuse('invalid-channel-id');
  return id;
}

function reasonOf(request: DisconnectRequest): Reason {
  const word = request.goodbye?.reason ?? '';
  return isReason(word) ? word : 'kicked';
}

/** What a manager tells a chat server: Add, Remove, Disconnect. */
export function createCommands(deps: CommandDeps) {
  const { callers, bootId, channels, sessions, heads } = deps;

  /** A hint: who owns the channel is what its head says. */
  async function add(channel: Channel) {
    const id = checkId(channel.id);
    if (channel.users.length > 0) throw refuse('channel-occupied', { words: 'a channel is added without users' });
    const head = await heads.ownedByMe(id);
    if (head === undefined) throw refuse('not-mine');
    const facts = { id, name: head.channel_name, limit: head.user_limit, epoch: head.epoch, log: randomUUID() };
    channels.open(facts, deps.now());
    return nothing;
  }

  async function remove(channel: Channel) {
    const id = checkId(channel.id);
    if (sessions.find({ channelId: id }).length > 0) throw refuse('channel-occupied');
    channels.close(id);
    return nothing;
  }

  async function disconnect(request: DisconnectRequest) {
    const found = sessions.find({
      ...(request.channelId === 0 ? {} : { channelId: request.channelId }),
      ...(request.userId === '' ? {} : { userId: request.userId }),
      ...(request.seatId === '' ? {} : { seat: request.seatId }),
    });
    const parting = {
      listenAgain: request.goodbye?.listenAgain ?? false,
      retryAfterMs: request.goodbye?.retryAfterMs ?? 0,
    };
    for (const session of found) session.goodbye(reasonOf(request), parting);
    return nothing;
  }

  return {
    add: forService(callers, 'manager', bootId, add),
    remove: forService(callers, 'manager', bootId, remove),
    disconnect: forService(callers, 'manager', bootId, disconnect),
  };
}
