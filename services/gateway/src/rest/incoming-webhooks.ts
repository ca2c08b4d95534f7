import { Channel, ChannelService, IncomingWebhook } from '@parley/contract';
import * as z from 'zod';
import { route } from '../api/route.js';
import { channelParams, servedText, textOrNull, timeField, timeOf, webhookParams } from './fields.js';

const tag = 'webhooks';

const incomingShape = z
  .strictObject({
    id: z.string().meta({ description: 'user id, which is the sender of its messages' }),
    channel_id: z.int(),
    name: z.string(),
    created_by: z.string().nullable(),
    created_at: timeField.nullable(),
    path: z.string().nullable().meta({ description: 'path for posts; only after creation and rotation' }),
  })
  .meta({ id: 'IncomingWebhook' });

function incomingJson(webhook: IncomingWebhook): z.infer<typeof incomingShape> {
  const { id, channelId, name, createdBy, createdAt, path } = webhook;
  return {
    ...{ id, channel_id: channelId, name, created_by: textOrNull(createdBy) },
    ...{ created_at: timeOf(createdAt), path: textOrNull(path) },
  };
}

const createIncoming = route({
  ...{ method: 'POST', path: '/channels/{channel_id}/incoming-webhooks', tag, status: 201 },
  summary: 'Creates an incoming webhook of a chat, for its owner and admins.',
  params: channelParams,
  body: z.strictObject({ name: servedText.name }),
  answer: incomingShape,
  run: async ({ calls, params: { channel_id: channelId }, body: { name } }) => {
    const request = IncomingWebhook.fromPartial({ channelId, name });
    return incomingJson(await calls.managers(ChannelService.createIncomingWebhook, request));
  },
});

const listIncoming = route({
  ...{ method: 'GET', path: '/channels/{channel_id}/incoming-webhooks', tag },
  summary: 'Lists the incoming webhooks of a chat, without their paths.',
  params: channelParams,
  answer: z.strictObject({ incoming_webhooks: z.array(incomingShape) }),
  run: async ({ calls, params: { channel_id: id } }) => {
    const { webhooks } = await calls.managers(ChannelService.listIncomingWebhooks, Channel.fromPartial({ id }));
    return { incoming_webhooks: webhooks.map(incomingJson) };
  },
});

const rotateIncoming = route({
  ...{ method: 'POST', path: '/incoming-webhooks/{webhook_id}/rotate', tag },
  summary: 'Gives an incoming webhook a new path. The old one ends.',
  params: webhookParams,
  answer: incomingShape,
  run: async ({ calls, params: { webhook_id: id } }) => {
    const request = IncomingWebhook.fromPartial({ id });
    return incomingJson(await calls.managers(ChannelService.rotateIncomingWebhook, request));
  },
});

const deleteIncoming = route({
  ...{ method: 'DELETE', path: '/incoming-webhooks/{webhook_id}', tag },
  summary: 'Ends an incoming webhook, and removes it from the chat. Its messages stay.',
  params: webhookParams,
  run: async ({ calls, params: { webhook_id: id } }) => {
    await calls.managers(ChannelService.deleteIncomingWebhook, IncomingWebhook.fromPartial({ id }));
  },
});

/** Incoming webhooks of chats. */
export const incomingWebhookRoutes = [createIncoming, listIncoming, rotateIncoming, deleteIncoming];
