import {
  type CreateBotRequest,
  CreateBotResponse,
  Empty,
  type ListBotsRequest,
  SearchUsersResponse,
  type User,
} from '@parley/contract';
import type { Pool } from '@parley/database';
import { displayName, limits, type Reason, refuse } from '@parley/runtime';
import { newBotToken, nextAfter, pageAfter, pageSize, type UserCaller } from '@parley/service-kit';
import { ownProfile } from '../store/accounts.js';
import { createBot, listBots, managesBots, revokeBot } from '../store/bots.js';
import { checkNewUserId, checkUserId } from './checks.js';
import { userFrom, userOfHit } from './profiles.js';
import { botOfUser, throttle } from './throttle.js';

/** Returns a channel id as it is stored; null for 0, which stands for all channels. */
function channelOf(id: number): number | null {
  if (id > limits.channelId) throw refuse('invalid-channel-id');
  return id === 0 ? null : id;
}

/** Checks that the outcome is `done`. */
export function mustBeDone([row]: readonly { readonly outcome: Reason | 'done' }[]): void {
  if (row !== undefined && row.outcome !== 'done') throw refuse(row.outcome);
}

/**
 * Handles CreateBot. Operators create bots for all channels or for one channel. The owner and the
 * admins of a channel create bots for that channel.
 */
export function createCreateBot(pool: Pool) {
  return async (request: CreateBotRequest, me: UserCaller): Promise<CreateBotResponse> => {
    const { userId: botId } = request;
    checkNewUserId(botId);
    const name = request.name === '' ? botId : displayName(request.name);
    const channelId = channelOf(request.channelId);
    await throttle(pool, botOfUser, me.id, 'create-too-often');
    const { token, hash } = newBotToken();
    const bot = { actorId: me.id, botId, name, channelId, tokenHash: hash, most: limits.botsPerChannel };
    mustBeDone(await createBot.run(pool, bot));
    return CreateBotResponse.fromPartial({ token, user: userFrom(await ownProfile(pool, botId)) });
  };
}

/**
 * Handles ListBots: returns all bots for operators, or the bots of a channel for its owner and
 * admins.
 */
export function createListBots(pool: Pool) {
  return async (request: ListBotsRequest, me: UserCaller): Promise<SearchUsersResponse> => {
    const channelId = channelOf(request.channelId);
    const size = pageSize(request.page?.size ?? 0);
    const afterId = pageAfter(request.page);
    mustBeDone(await managesBots.run(pool, { actorId: me.id, channelId }));
    const page = { readerId: me.id, readerRole: me.role, channelId, afterId, size: size + 1 };
    const rows = await listBots.run(pool, page);
    return SearchUsersResponse.fromPartial({
      users: rows.slice(0, size).map((row) => ({ ...userOfHit(row), createdBy: row.createdBy ?? '' })),
      next: nextAfter(rows, size, ({ id }) => id),
    });
  };
}

/**
 * Handles RevokeBot: ends a bot for good. Its streams end within about a second; its messages and
 * memberships stay.
 */
export function createRevokeBot(pool: Pool) {
  return async ({ id }: User, me: UserCaller): Promise<Empty> => {
    checkUserId(id);
    await throttle(pool, botOfUser, me.id, 'change-too-often');
    mustBeDone(await revokeBot.run(pool, { actorId: me.id, botId: id }));
    return Empty.create();
  };
}
