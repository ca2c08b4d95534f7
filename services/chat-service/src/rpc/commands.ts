import type { Channel, DisconnectRequest, DrainRequest, ShowReceiptRequest } from '@parley/contract';
import { isReason, limits, type Reason, refuse } from '@parley/runtime';
import { type Callers, forService } from '@parley/service-kit';
import type { ReceiptSaver } from '../background/receipt-saver.js';
import type { Channels } from '../core/channels.js';
import type { Relays } from '../relay/relays.js';
import type { ChannelLoader } from '../session/channel-loader.js';
import { atOnce, type CloseInfo } from '../session/participants.js';
import type { ChatSession } from '../session/session.js';
import type { SessionFilter, Sessions } from '../session/sessions.js';

export interface CommandDeps {
  readonly instanceId: string;
  readonly callers: Callers;
  readonly channels: Channels;
  readonly sessions: Sessions;
  readonly channelLoader: ChannelLoader;
  readonly receiptSaver: ReceiptSaver;
  readonly relays: Relays;
  /**
   * Shows these sessions everything that is committed in their channels, before the clients learn
   * of their removal.
   */
  readonly showLast: (leaving: readonly ChatSession[]) => Promise<void>;
  /** Begins to give every channel back, without waiting for the end. */
  readonly drain: (withinMs: number) => void;
}

const nothing = {};

function checkId(id: number): number {
  if (id < 1 || id > limits.channelId) throw refuse('invalid-channel-id');
  return id;
}

/**
 * Loads a channel that this server owns. Add is a hint: the head in the database decides who owns
 * it.
 */
async function add(channel: Channel, { channelLoader }: CommandDeps) {
  const id = checkId(channel.id);
  if (channel.users.length > 0)
    throw refuse('channel-occupied', { message: 'Add takes a channel without users. Leave `users` empty.' });
  if ((await channelLoader.find(id)) === undefined) throw refuse('not-mine');
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

/**
 * Ends the streams of removed users, after they have seen the entry that removes them. A user who
 * was added again meanwhile gets no notice of the removal; the client calls Listen again.
 */
async function endRemoved(leaving: readonly ChatSession[], closeInfo: CloseInfo, { showLast }: CommandDeps) {
  await showLast(leaving);
  for (const session of leaving) {
    if (session.membership.removed) session.goodbye('removed', closeInfo);
    else session.goodbye('moved', atOnce);
  }
}

async function disconnect(request: DisconnectRequest, deps: CommandDeps) {
  const { reason: named, listenAgain = false, retryAfterMs = 0 } = request.goodbye ?? {};
  const reason: Reason = isReason(named) ? named : 'kicked';
  const closeInfo: CloseInfo = { listenAgain, retryAfterMs };
  const leaving = deps.sessions.find(filterOf(request));
  if (reason === 'removed') await endRemoved(leaving, closeInfo, deps);
  else for (const session of leaving) session.goodbye(reason, closeInfo);
  if (request.seatId === '') deps.relays.disconnect(request, reason, closeInfo);
  return nothing;
}

/** Shows a receipt that a manager has moved. Nobody can see it in a channel that is not loaded. */
async function showReceipt({ channelId, userId }: ShowReceiptRequest, { channels, receiptSaver }: CommandDeps) {
  const channel = channels.find(checkId(channelId));
  if (channel !== undefined) receiptSaver.noteMoved(channel, userId);
  return nothing;
}

async function drainAll({ deadlineMs }: DrainRequest, { drain }: CommandDeps) {
  if (deadlineMs > limits.drainMs) throw refuse('invalid-deadline');
  drain(deadlineMs || limits.drainDefaultMs);
  return nothing;
}

/** Creates the endpoints for managers: Add, Remove, Disconnect, ShowReceipt and Drain. */
export function createCommands(deps: CommandDeps) {
  const { callers, instanceId } = deps;
  return {
    add: forService(callers, 'manager', instanceId, (channel: Channel) => add(channel, deps)),
    remove: forService(callers, 'manager', instanceId, (channel: Channel) => remove(channel, deps)),
    disconnect: forService(callers, 'manager', instanceId, (request: DisconnectRequest) => disconnect(request, deps)),
    showReceipt: forService(callers, 'manager', instanceId, (request: ShowReceiptRequest) =>
      showReceipt(request, deps),
    ),
    drain: forService(callers, 'manager', instanceId, (request: DrainRequest) => drainAll(request, deps)),
  };
}
