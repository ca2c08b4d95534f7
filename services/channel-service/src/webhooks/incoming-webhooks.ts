import { randomBytes } from 'node:crypto';
import { type Channel, Empty, IncomingWebhook, ListIncomingWebhooksResponse } from '@parley/contract';
import type { Pool } from '@parley/database';
import { displayName, limits, refuse } from '@parley/runtime';
import { type Call, newWebhookToken, type UserCaller } from '@parley/service-kit';
import { noChannelId } from '../invites/invites.js';
import { withManagedChat } from '../members/managed-chat.js';
import { addMembers, throttleChanges } from '../members/membership.js';
import { readMemberships } from '../members/membership-rules.js';
import { endMembership } from '../members/moderation.js';
import { oneChannel } from '../requests/channel-id.js';
import { limitRate } from '../requests/rate-limit.js';
import {
  createIncomingWebhook,
  endIncomingWebhook,
  listIncomingWebhooks,
  readIncomingWebhook,
  rotateIncomingWebhook,
  type StoredIncomingWebhook,
} from './incoming-webhook-store.js';
import { secretRate, withManagedWebhook } from './managed-webhook.js';

/** Number of random bytes in an id. */
const idBytes = 8;
const sort = { idForm: /^webhook-[0-9a-f]{16}$/, read: readIncomingWebhook };

function toWebhook({ createdMs, createdBy, ...row }: Partial<StoredIncomingWebhook>, token?: string): IncomingWebhook {
  const path = token === undefined ? '' : `/hooks/${token}`;
  const { channelId } = row;
  return IncomingWebhook.fromPartial({
    ...row,
    channelId: channelId ?? noChannelId,
    createdBy: createdBy ?? '',
    createdAt: createdMs ?? 0,
    path,
  });
}

/**
 * Handles CreateIncomingWebhook: creates a bot that only posts, and makes it a member of the chat.
 */
export function createCreateIncomingWebhook(pool: Pool) {
  return async (request: IncomingWebhook, me: UserCaller, call: Call): Promise<IncomingWebhook> => {
    const channelId = oneChannel({ id: request.channelId });
    call.facts.channel = channelId;
    const name = displayName(request.name);
    await throttleChanges(pool, me);
    const id = `webhook-${randomBytes(idBytes).toString('hex')}`;
    const { token, hash: tokenHash } = newWebhookToken();
    return withManagedChat(pool, me, { channelId, things: 'webhooks' }, async (client, channel) => {
      await limitRate(client, secretRate, me, 'create-too-often');
      const webhook = { actorId: me.id, id, name, channelId, tokenHash, most: limits.botsPerChannel };
      const [made] = await createIncomingWebhook.run(client, webhook);
      if (made !== undefined && made.outcome !== 'done') throw refuse(made.outcome);
      await addMembers(client, channel, [id], me.id);
      const [stored] = await readIncomingWebhook.run(client, { id });
      if (stored === undefined) throw new Error(`Webhook ${id} was not stored.`);
      return toWebhook(stored, token);
    });
  };
}

/** Handles ListIncomingWebhooks: returns the incoming webhooks of one chat, without their paths. */
export function createListIncomingWebhooks(pool: Pool) {
  return async ({ id }: Channel, me: UserCaller, call: Call): Promise<ListIncomingWebhooksResponse> => {
    const channelId = oneChannel({ id });
    call.facts.channel = channelId;
    await throttleChanges(pool, me);
    const most = limits.botsPerChannel;
    const rows = await withManagedChat(pool, me, { channelId, things: 'webhooks' }, (client) =>
      listIncomingWebhooks.run(client, { channelId, most }),
    );
    return ListIncomingWebhooksResponse.fromPartial({ webhooks: rows.map((row) => toWebhook(row)) });
  };
}

/** Handles RotateIncomingWebhook: replaces the token of a webhook. The old one ends at once. */
export function createRotateIncomingWebhook(pool: Pool) {
  return (request: IncomingWebhook, me: UserCaller): Promise<IncomingWebhook> => {
    const { token, hash: tokenHash } = newWebhookToken();
    return withManagedWebhook(pool, me, { id: request.id, sort }, async (client, webhook) => {
      await limitRate(client, secretRate, me, 'create-too-often');
      const [rotated] = await rotateIncomingWebhook.run(client, { actorId: me.id, id: webhook.id, tokenHash });
      if (rotated?.done !== true) throw refuse('webhook-not-found');
      return toWebhook(webhook, token);
    });
  };
}

/** Handles DeleteIncomingWebhook: ends a webhook, and removes it from the chat. */
export function createDeleteIncomingWebhook(pool: Pool) {
  return (request: IncomingWebhook, me: UserCaller): Promise<Empty> =>
    withManagedWebhook(pool, me, { id: request.id, sort }, async (client, { id }, channel) => {
      const [ended] = await endIncomingWebhook.run(client, { actorId: me.id, id });
      if (ended?.done !== true) throw refuse('webhook-not-found');
      const [member] = await readMemberships(client, channel, [id]);
      if (member !== undefined && member.rank !== 'none') await endMembership({ client, channel, me, user: { id } });
      return Empty.create();
    });
}
