import { MemberRole } from '@parley/contract';
import { type PoolClient, type Rate, spend } from '@parley/database';
import { limits, refuse } from '@parley/runtime';
import type { UserCaller } from '@parley/service-kit';
import { type LockedChannel, lockUser } from '../store/channels.js';
import { handOver, nextRoster, type OfferResult, offer, setRole } from '../store/members.js';
import { note } from './membership.js';
import type { Scene } from './scene.js';
import type { MembershipRules } from './standing.js';

/** Who asks or adds whom, and whether the person was in the channel before. */
interface Adding {
  readonly by: string;
  readonly userId: string;
  readonly belonged: boolean;
}

const day = 86_400;
/** People whom one user reaches for the first time: 100 a day. */
export const directRate: Rate = { key: 'direct', secondsPerCall: 864, burst: 100 };
/** How often one person may be asked in one channel. */
const asked: Rate = { key: 'asked', secondsPerCall: day, burst: 3 };
/** How often one person may be added to one channel again, who was removed. */
const addedThere: Rate = { key: 'added', secondsPerCall: 10, burst: 60 };
/** How often one adder may ask or add one person, in all channels. */
const addedBy: Rate = { key: 'added-by', secondsPerCall: 3600, burst: 20 };
/** How often all adders together may ask or add one person to channels that are new to them: 20 times the share of one adder. */
const addedAnywhere: Rate = { key: 'added', secondsPerCall: 60, burst: 400 };

/** Counts a request or an addition. Where the person was in the channel before, it costs only the adder and the channel. */
async function count(
  client: PoolClient,
  rate: Rate,
  { id }: LockedChannel,
  { by, userId, belonged }: Adding,
): Promise<void> {
  const waits = [await spend(client, rate, `${userId}/${id}`), await spend(client, addedBy, `${by}/${userId}`)];
  if (!belonged) waits.push(await spend(client, addedAnywhere, userId));
  const retryAfterMs = Math.max(...waits);
  if (retryAfterMs > 0) {
    throw refuse('change-too-often', { words: 'that user was added or asked often enough: wait', retryAfterMs });
  }
}

/**
 * Counts that somebody is added by another.
 * @throws {Refusal} `change-too-often`.
 */
export function throttleAdding(client: PoolClient, channel: LockedChannel, adding: Adding): Promise<void> {
  return count(client, addedThere, channel, adding);
}

/**
 * Counts that the caller reaches somebody with whom they share no chat yet; new direct chats spend the same budget.
 * @throws {Refusal} `change-too-often`.
 */
export async function throttleStrangers({ client, me, person, theirs }: Scene): Promise<void> {
  if (theirs.belonged || person.shares) return;
  const retryAfterMs = await spend(client, directRate, me.id);
  if (retryAfterMs > 0) {
    throw refuse('change-too-often', { words: 'you reached many new people today: wait', retryAfterMs });
  }
}

/**
 * Offers a role to somebody, who becomes nothing by it before they agree.
 * @throws {Refusal} `change-too-often` or `too-many-offers`.
 */
export async function makeOffer(
  client: PoolClient,
  channel: LockedChannel,
  adding: Adding,
  role: OfferResult,
): Promise<void> {
  await count(client, asked, channel, adding);
  const { userId, by } = adding;
  const most = [limits.offersPerUser, limits.offersPerOfferer] as const;
  const [made] = await offer.run(client, [channel.id, userId, role, by, ...most]);
  if (made === undefined) throw refuse('too-many-offers');
}

/**
 * The caller becomes the owner, as was offered by who still is. The owner of before stays as an admin, where there are some.
 * @throws {Refusal} `not-owner` or `too-many-channels`.
 */
export async function takeOver(
  client: PoolClient,
  channel: LockedChannel,
  me: UserCaller,
  { offered, offeredBy }: MembershipRules,
): Promise<void> {
  if (offered !== 'owner' || offeredBy !== channel.owner_id) {
    throw refuse('not-owner', { words: 'nobody offers you this channel, or not any more' });
  }
  await lockUser.run(client, [me.id]);
  if (channel.kind === 'room') await nextRoster.run(client, [channel.id]);
  else await note(client, channel, { userId: me.id, joined: true, role: MemberRole.OWNER, by: channel.owner_id });
  const given = await handOver.run(client, [channel.id, me.id, limits.channelsPerUser]);
  if (given.length === 0) throw refuse('too-many-channels');
  if (channel.kind !== 'room') await setRole.run(client, [channel.id, channel.owner_id, 'admin']);
}
