import { randomUUID } from 'node:crypto';
import { type Channel, ListenResponse } from '@parley/contract';
import { type DatabaseClock, type Pool, type PoolClient, type Rate, spend, transaction } from '@parley/database';
import { limits, refuse } from '@parley/runtime';
import type { Call, JoinClaims, SigningKey, UserCaller } from '@parley/service-kit';
import { oneChannel } from '../requests/channel-id.js';
import { isListed } from '../requests/kinds.js';
import { limitRate } from '../requests/rate-limit.js';
import { type LockedChannel, lockChannel, lockUser } from '../transactions/locks.js';
import { rising, use } from './activity-store.js';
import type { ChatServers } from './chat-servers.js';
import {
  type ChannelState,
  channelState,
  claim,
  type Owner,
  type SeatOutcome,
  seatInChat,
  seatInRoom,
} from './seat-store.js';

/**
 * How a channel got its owner: it already had one, it had none, or the lease of the previous owner
 * lapsed `afterMs` milliseconds ago.
 */
export type OwnerLookup = { readonly how: 'kept' | 'placed' } | { readonly how: 'recovered'; readonly afterMs: number };

export interface ListenDeps {
  readonly pool: Pool;
  readonly clock: DatabaseClock;
  readonly joinKey: SigningKey<JoinClaims>;
  readonly servers: ChatServers;
  /** Called for each seat reserved. */
  readonly onFound: (found: OwnerLookup) => void;
}

interface ReservedSeat extends SeatOutcome {
  readonly seat: string;
  readonly owner: Owner;
  readonly found: OwnerLookup;
}

/**
 * Limits how often the listed channels of one owner rise in the list: 5 times in 10 minutes, all
 * together.
 */
const riseRate: Rate = { key: 'rise', secondsPerCall: 120, burst: 5 };
/**
 * Limits how often one listener moves the channels of one owner: once in 10 minutes, so that a
 * stranger cannot use up the owner's budget.
 */
const riseByRate: Rate = { key: 'rise-by', secondsPerCall: 600, burst: 1 };
const listenRate: Rate = { key: 'listen', secondsPerCall: 1, burst: 4 };
const joinWithinSeconds = limits.joinWithinMs / 1_000;

function checkAdmission({ kind }: LockedChannel, { member, banned }: ChannelState): void {
  const everybodySees = isListed(kind);
  if (banned && everybodySees) throw refuse('banned');
  if (kind !== 'room' && (!member || banned)) throw refuse(everybodySees ? 'not-a-member' : 'channel-not-found');
}

/**
 * Returns the live owner, even if it is draining. Assigns a channel without one to a serving
 * server.
 */
async function findOwner(
  client: PoolClient,
  id: number,
  seen: ChannelState,
): Promise<Pick<ReservedSeat, 'owner' | 'found'>> {
  if (seen.alive) return { owner: seen, found: { how: 'kept' } };
  if (seen.wait_ms > 0) throw refuse('no-server', { retryAfterMs: seen.wait_ms });
  const [owner] = await claim.run(client, [id, seen.epoch]);
  if (owner === undefined) throw refuse('no-server');
  return { owner, found: seen.lapsed_ms === null ? { how: 'placed' } : { how: 'recovered', afterMs: seen.lapsed_ms } };
}

async function takeSeat(
  client: PoolClient,
  id: number,
  channel: LockedChannel,
  { boot_id, epoch }: Owner,
  me: UserCaller,
): Promise<SeatOutcome & { readonly seat: string }> {
  const seat = randomUUID();
  const isRoom = channel.kind === 'room';
  if (!isRoom) await lockUser.run(client, [me.id]);
  const atMost = isRoom ? channel.user_limit : limits.seatsPerUser;
  const [seated] = await (isRoom ? seatInRoom : seatInChat).run(client, [
    seat,
    id,
    me.id,
    boot_id,
    epoch,
    me.sessionId,
    atMost,
    joinWithinSeconds,
  ]);
  if (seated === undefined) throw refuse(isRoom ? 'channel-full' : 'too-many-seats');
  return { ...seated, seat };
}

/** Reads after each lock in a separate statement, so that the result holds until the commit. */
async function rise(client: PoolClient, id: number, me: UserCaller): Promise<void> {
  const [due] = await rising.run(client, [id, me.id]);
  if (due === undefined || (await spend(client, riseByRate, `${me.id}:${due.owner_id}`)) > 0) return;
  if ((await spend(client, riseRate, due.owner_id)) === 0) await use.run(client, [id]);
}

function reserve(pool: Pool, id: number, me: UserCaller): Promise<ReservedSeat> {
  return transaction(pool, async (client) => {
    const [channel] = await lockChannel.run(client, [id]);
    const [seen] = channel === undefined ? [] : await channelState.run(client, [id, me.id]);
    if (channel === undefined || seen === undefined) throw refuse('channel-not-found');
    checkAdmission(channel, seen);
    const { owner, found } = await findOwner(client, id, seen);
    const seated = await takeSeat(client, id, channel, owner, me);
    if (isListed(channel.kind)) await rise(client, id, me);
    return { owner, found, ...seated };
  });
}

/** Handles Listen: returns the server address and a token for one seat there. */
export function createListen({ pool, clock, joinKey, servers, onFound }: ListenDeps) {
  function sign(id: number, { seat, owner }: ReservedSeat, me: UserCaller): Promise<string> {
    const route = Buffer.from(owner.internal_addr).toString('base64');
    const place = { ch: id, jti: seat, route, timestamp: clock.now() };
    return joinKey.sign({ sub: me.id, num: me.number, sid: me.sessionId, ...place }, owner.boot_id);
  }

  return async (request: Channel, me: UserCaller, call: Call): Promise<ListenResponse> => {
    const id = oneChannel(request);
    call.facts.channel = id;
    await limitRate(pool, listenRate, me, 'listen-too-often');
    const reserved = await reserve(pool, id, me);
    const { owner, replaced, found } = reserved;
    onFound(found);
    if (found.how !== 'kept') servers.announce(owner, id, owner.epoch);
    if (replaced !== null) servers.endSeat(replaced, replaced.id);
    const token = await sign(id, reserved, me);
    call.header('chat-token', token);
    const { boot_id, addr, name, tls } = owner;
    return ListenResponse.fromPartial({
      server: { id: boot_id, addr, name, tls },
      token,
      connectBy: reserved.join_by.getTime(),
    });
  };
}
