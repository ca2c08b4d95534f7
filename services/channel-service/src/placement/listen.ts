import { randomUUID } from 'node:crypto';
import { type Channel, ListenResponse } from '@parley/contract';
import { type DatabaseClock, type Pool, type PoolClient, type Rate, spend, transaction } from '@parley/database';
import { limits, refuse } from '@parley/runtime';
import type { Call, JoinClaims, SigningKey, UserCaller } from '@parley/service-kit';
import { checkBotChannel } from '../requests/bot-channel.js';
import { oneChannel } from '../requests/channel-id.js';
import { isListed } from '../requests/kinds.js';
import { limitRate } from '../requests/rate-limit.js';
import { type LockedChannel, lockUser, lockVisibleChannel } from '../transactions/locks.js';
import { findRising, raise } from './activity-store.js';
import type { ChatServers } from './chat-servers.js';
import { type FoundOwner, findOwner, type OwnerLookup } from './owners.js';
import {
  type ChannelState,
  type Owner,
  readChannelState,
  reserveChatSeat,
  reserveRoomSeat,
  type SeatOutcome,
} from './seat-store.js';

export interface ListenDeps {
  readonly pool: Pool;
  readonly clock: DatabaseClock;
  readonly joinKey: SigningKey<JoinClaims>;
  readonly servers: ChatServers;
  /** Called for each reserved seat. */
  readonly onOwnerFound: (lookup: OwnerLookup) => void;
}

type NewSeat = SeatOutcome & { readonly seatId: string };

type ReservedSeat = NewSeat & FoundOwner;

/**
 * Limits how often the listed channels of one owner together rise in the list: 5 times in a burst,
 * then once in 2 minutes.
 */
const riseRate: Rate = { key: 'rise', secondsPerCall: 120, burst: 5 };
/**
 * Limits how often one listener raises the channels of one owner: once in 10 minutes, so that a
 * stranger cannot use up the owner's limit.
 */
const riseByRate: Rate = { key: 'rise-by', secondsPerCall: 600, burst: 1 };
const listenRate: Rate = { key: 'listen', secondsPerCall: 1, burst: 4 };
const joinWithinSeconds = limits.joinWithinMs / 1_000;

function checkAdmission({ kind }: LockedChannel, { member, bannedForMs }: ChannelState): void {
  const everybodySees = isListed(kind);
  if (bannedForMs > 0 && everybodySees) throw refuse('banned', { retryAfterMs: bannedForMs });
  if (kind !== 'room' && (!member || bannedForMs > 0))
    throw refuse(everybodySees ? 'not-a-member' : 'channel-not-found');
}

async function reserveSeat(
  client: PoolClient,
  channel: LockedChannel,
  { instanceId, epoch }: Owner,
  me: UserCaller,
): Promise<NewSeat> {
  const seatId = randomUUID();
  const isRoom = channel.kind === 'room';
  if (!isRoom) await lockUser.run(client, { userId: me.id });
  const [reserved] = await (isRoom ? reserveRoomSeat : reserveChatSeat).run(client, {
    seatId,
    channelId: channel.id,
    userId: me.id,
    instanceId,
    epoch,
    sessionId: me.sessionId,
    maxSeats: isRoom ? channel.userLimit : limits.seatsPerUser,
    joinWithinSeconds,
  });
  if (reserved === undefined) throw refuse(isRoom ? 'channel-full' : 'too-many-seats');
  return { ...reserved, seatId };
}

/** Raises a listed channel in the public list, if the limits allow it. */
async function rise(client: PoolClient, channelId: number, me: UserCaller): Promise<void> {
  const [rising] = await findRising.run(client, { channelId, listenerId: me.id });
  if (rising === undefined || (await spend(client, riseByRate, `${me.id}:${rising.ownerId}`)) > 0) return;
  if ((await spend(client, riseRate, rising.ownerId)) === 0) await raise.run(client, { channelId });
}

/**
 * Reserves a seat in one transaction. Reads in a separate statement after each lock, so that what
 * it read stays true until the commit. Undoes everything if the caller has left meanwhile.
 * Otherwise this seat could replace the seat of a newer Listen that did not have to wait.
 */
function reserve(pool: Pool, id: number, me: UserCaller, call: Call): Promise<ReservedSeat> {
  return transaction(pool, async (client) => {
    const channel = await lockVisibleChannel(client, me, id);
    const state = await readChannelState(client, id, me.id);
    if (state === undefined) throw refuse('channel-not-found');
    checkAdmission(channel, state);
    const { owner, lookup } = await findOwner(client, id, state);
    const seat = await reserveSeat(client, channel, owner, me);
    if (isListed(channel.kind)) await rise(client, id, me);
    if (call.isOver) throw refuse('cancelled');
    return { owner, lookup, ...seat };
  });
}

/** Handles Listen: returns the address of the chat server and a token for one seat there. */
export function createListen({ pool, clock, joinKey, servers, onOwnerFound }: ListenDeps) {
  function sign(id: number, { seatId, owner }: ReservedSeat, me: UserCaller): Promise<string> {
    const route = Buffer.from(owner.internalAddr).toString('base64');
    const place = { ch: id, jti: seatId, route, timestamp: clock.now() };
    return joinKey.sign({ sub: me.id, num: me.number, sid: me.sessionId, ...place }, owner.instanceId);
  }

  return async (request: Channel, me: UserCaller, call: Call): Promise<ListenResponse> => {
    const id = oneChannel(request);
    call.facts.channel = id;
    checkBotChannel(me, id);
    await limitRate(pool, listenRate, me, 'listen-too-often');
    const reserved = await reserve(pool, id, me, call);
    const { owner, replaced, lookup } = reserved;
    onOwnerFound(lookup);
    if (lookup.how !== 'kept') servers.announce(owner, id, owner.epoch);
    if (replaced !== null) servers.endSeat(replaced, replaced.id);
    const token = await sign(id, reserved, me);
    call.header('chat-token', token);
    const { instanceId, addr, name, tls } = owner;
    return ListenResponse.fromPartial({
      server: { id: instanceId, addr, name, tls },
      token,
      connectBy: reserved.joinBy.getTime(),
    });
  };
}
