import { Channel, ChannelService, OutgoingWebhook, webhookTypes } from '@parley/contract';
import { limits } from '@parley/runtime';
import * as z from 'zod';
import { route } from '../api/route.js';
import { channelParams, textOrNull, timeField, timeOf, webhookParams } from './fields.js';

const tag = 'webhooks';
const typesField = z.array(z.enum(Object.values(webhookTypes) as [string, ...string[]]));
const urlField = z.string().meta({ pattern: '^https://', maxLength: limits.webhookUrlCharacters });

const outgoingShape = z
  .strictObject({
    id: z.string(),
    channel_id: z.int(),
    url: z.string(),
    types: typesField.meta({ description: 'types of events to send; empty: all' }),
    created_by: z.string().nullable(),
    created_at: timeField.nullable(),
    secret: z.string().nullable().meta({ description: 'key that signs each post; only after creation and rotation' }),
    disabled_reason: z.string().nullable().meta({ description: 'why the webhook is disabled; null: it is enabled' }),
    dead_letters: z.int().meta({ description: 'entries that were not delivered and are not tried again' }),
  })
  .meta({ id: 'OutgoingWebhook' });

const deadLetterShape = z
  .strictObject({
    seq: z.int().meta({ description: 'position of the entry in the log of the chat' }),
    attempts: z.int(),
    failed_at: timeField.nullable(),
    why: z.string().meta({ description: 'status of the response, or why there was none' }),
  })
  .meta({ id: 'DeadLetter' });

function outgoingJson(webhook: OutgoingWebhook): z.infer<typeof outgoingShape> {
  const { id, channelId, url, types, createdBy, createdAt, secret, disabledReason, deadLetters } = webhook;
  return {
    ...{ id, channel_id: channelId, url, types, created_by: textOrNull(createdBy), created_at: timeOf(createdAt) },
    ...{ secret: textOrNull(secret), disabled_reason: textOrNull(disabledReason), dead_letters: deadLetters },
  };
}

const createOutgoing = route({
  ...{ method: 'POST', path: '/channels/{channel_id}/outgoing-webhooks', tag, status: 201 },
  summary: 'Creates an outgoing webhook of a chat, for its owner and admins.',
  params: channelParams,
  body: z.strictObject({ url: urlField, types: typesField.optional() }),
  answer: outgoingShape,
  run: async ({ calls, params: { channel_id: channelId }, body: { url, types = [] } }) => {
    const request = OutgoingWebhook.fromPartial({ channelId, url, types });
    return outgoingJson(await calls.managers(ChannelService.createOutgoingWebhook, request));
  },
});

const listOutgoing = route({
  ...{ method: 'GET', path: '/channels/{channel_id}/outgoing-webhooks', tag },
  summary: 'Lists the outgoing webhooks of a chat, without their secrets.',
  params: channelParams,
  answer: z.strictObject({ outgoing_webhooks: z.array(outgoingShape) }),
  run: async ({ calls, params: { channel_id: id } }) => {
    const { webhooks } = await calls.managers(ChannelService.listOutgoingWebhooks, Channel.fromPartial({ id }));
    return { outgoing_webhooks: webhooks.map(outgoingJson) };
  },
});

const rotateOutgoing = route({
  ...{ method: 'POST', path: '/outgoing-webhooks/{webhook_id}/rotate', tag },
  summary: 'Gives an outgoing webhook a new secret. For 24 hours, the old one signs too.',
  params: webhookParams,
  answer: outgoingShape,
  run: async ({ calls, params: { webhook_id: id } }) => {
    const request = OutgoingWebhook.fromPartial({ id });
    return outgoingJson(await calls.managers(ChannelService.rotateOutgoingWebhook, request));
  },
});

const resumeOutgoing = route({
  ...{ method: 'POST', path: '/outgoing-webhooks/{webhook_id}/resume', tag },
  summary: 'Sends the dead letters of an outgoing webhook again, and enables it if it was disabled.',
  params: webhookParams,
  answer: outgoingShape,
  run: async ({ calls, params: { webhook_id: id } }) => {
    const request = OutgoingWebhook.fromPartial({ id });
    return outgoingJson(await calls.managers(ChannelService.resumeOutgoingWebhook, request));
  },
});

const listDeadLetters = route({
  ...{ method: 'GET', path: '/outgoing-webhooks/{webhook_id}/dead-letters', tag },
  summary: 'Lists what an outgoing webhook did not deliver and does not try again.',
  params: webhookParams,
  answer: z.strictObject({ dead_letters: z.array(deadLetterShape) }),
  run: async ({ calls, params: { webhook_id: id } }) => {
    const request = OutgoingWebhook.fromPartial({ id });
    const { deadLetters } = await calls.managers(ChannelService.listDeadLetters, request);
    return { dead_letters: deadLetters.map(({ failedAt, ...rest }) => ({ ...rest, failed_at: timeOf(failedAt) })) };
  },
});

const deleteOutgoing = route({
  ...{ method: 'DELETE', path: '/outgoing-webhooks/{webhook_id}', tag },
  summary: 'Deletes an outgoing webhook with its dead letters.',
  params: webhookParams,
  run: async ({ calls, params: { webhook_id: id } }) => {
    await calls.managers(ChannelService.deleteOutgoingWebhook, OutgoingWebhook.fromPartial({ id }));
  },
});

/** Outgoing webhooks of chats. */
export const outgoingWebhookRoutes = [
  ...[createOutgoing, listOutgoing, rotateOutgoing, resumeOutgoing, listDeadLetters, deleteOutgoing],
];
