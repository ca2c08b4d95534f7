import { randomBytes } from 'node:crypto';
import {
  type Channel,
  Empty,
  ListDeadLettersResponse,
  ListOutgoingWebhooksResponse,
  OutgoingWebhook,
  webhookTypes,
} from '@parley/contract';
import type { Pool, PoolClient } from '@parley/database';
import { limits, refuse } from '@parley/runtime';
import type { Call, UserCaller } from '@parley/service-kit';
import { withManagedChat } from '../members/managed-chat.js';
import { throttleChanges } from '../members/membership.js';
import { oneChannel } from '../requests/channel-id.js';
import { isPlainHttps } from '../requests/https-url.js';
import { limitRate } from '../requests/rate-limit.js';
import { audit } from '../transactions/audit.js';
import { secretRate, withManagedWebhook } from './managed-webhook.js';
import {
  createOutgoingWebhook,
  deleteOutgoingWebhook,
  listDeadLetters,
  listOutgoingWebhooks,
  readOutgoingWebhook,
  resendDeadLetters,
  resumeOutgoingWebhook,
  rotateOutgoingWebhook,
  type StoredOutgoingWebhook,
} from './outgoing-webhook-store.js';

/** Number of random bytes in an id. */
const idBytes = 8;
/** Number of random bytes in a secret. Standard Webhooks asks for 24 to 64. */
const secretBytes = 32;
/** Time after a rotation in which gateways also sign with the old secret, in milliseconds. */
const overlapMs = 86_400_000;
const sort = { idForm: /^outgoing-[0-9a-f]{16}$/, read: readOutgoingWebhook };
const knownTypes: ReadonlySet<string> = new Set(Object.values(webhookTypes));

function toWebhook({ createdMs, createdBy, ...row }: StoredOutgoingWebhook, secret?: Buffer): OutgoingWebhook {
  return OutgoingWebhook.fromPartial({
    ...row,
    createdBy: createdBy ?? '',
    createdAt: createdMs,
    secret: secret === undefined ? '' : `whsec_${secret.toString('base64')}`,
  });
}

/** @throws {Refusal} `invalid-webhook`. */
function checkWebhook({ url, types }: OutgoingWebhook): void {
  if (!isPlainHttps(url, limits.webhookUrlCharacters)) throw refuse('invalid-webhook');
  if (new Set(types).size < types.length || !types.every((type) => knownTypes.has(type))) {
    const words = [...knownTypes].join(', ');
    throw refuse('invalid-webhook', { message: `Use each type of event once at most. The types are ${words}.` });
  }
}

async function stored(client: PoolClient, id: string): Promise<StoredOutgoingWebhook> {
  const [webhook] = await readOutgoingWebhook.run(client, { id });
  if (webhook === undefined) throw refuse('webhook-not-found');
  return webhook;
}

/** Handles CreateOutgoingWebhook: from now on, gateways post the new entries of the chat to a URL. */
export function createCreateOutgoingWebhook(pool: Pool) {
  return async (request: OutgoingWebhook, me: UserCaller, call: Call): Promise<OutgoingWebhook> => {
    const channelId = oneChannel({ id: request.channelId });
    call.facts.channel = channelId;
    checkWebhook(request);
    await throttleChanges(pool, me);
    const id = `outgoing-${randomBytes(idBytes).toString('hex')}`;
    const secret = randomBytes(secretBytes);
    const { url, types } = request;
    return withManagedChat(pool, me, { channelId, things: 'webhooks' }, async (client) => {
      await limitRate(client, secretRate, me, 'create-too-often');
      const webhook = { id, channelId, url, types, secret, actorId: me.id, most: limits.webhooksPerChannel };
      const [made] = await createOutgoingWebhook.run(client, webhook);
      if (made === undefined) throw refuse('too-many-bots');
      await audit(client, { actor: me.id, action: 'webhook.create', target: id, detail: { channel: channelId } });
      return toWebhook(await stored(client, id), secret);
    });
  };
}

/** Handles ListOutgoingWebhooks: returns the outgoing webhooks of one chat, without their secrets. */
export function createListOutgoingWebhooks(pool: Pool) {
  return async ({ id }: Channel, me: UserCaller, call: Call): Promise<ListOutgoingWebhooksResponse> => {
    const channelId = oneChannel({ id });
    call.facts.channel = channelId;
    await throttleChanges(pool, me);
    const most = limits.webhooksPerChannel;
    const rows = await withManagedChat(pool, me, { channelId, things: 'webhooks' }, (client) =>
      listOutgoingWebhooks.run(client, { channelId, most }),
    );
    return ListOutgoingWebhooksResponse.fromPartial({ webhooks: rows.map((row) => toWebhook(row)) });
  };
}

/** Handles RotateOutgoingWebhook: replaces the secret of a webhook. For a day, both secrets sign. */
export function createRotateOutgoingWebhook(pool: Pool) {
  return (request: OutgoingWebhook, me: UserCaller): Promise<OutgoingWebhook> => {
    const secret = randomBytes(secretBytes);
    return withManagedWebhook(pool, me, { id: request.id, sort }, async (client, webhook) => {
      await limitRate(client, secretRate, me, 'create-too-often');
      const { id, channelId: channel } = webhook;
      await rotateOutgoingWebhook.run(client, { id, overlapMs, secret });
      await audit(client, { actor: me.id, action: 'webhook.rotate', target: id, detail: { channel } });
      return toWebhook(webhook, secret);
    });
  };
}

/** Handles ResumeOutgoingWebhook: enables a webhook, and makes its dead letters due again. */
export function createResumeOutgoingWebhook(pool: Pool) {
  return (request: OutgoingWebhook, me: UserCaller): Promise<OutgoingWebhook> =>
    withManagedWebhook(pool, me, { id: request.id, sort }, async (client, { id, channelId: channel }) => {
      await limitRate(client, secretRate, me, 'create-too-often');
      await resumeOutgoingWebhook.run(client, { actorId: me.id, id });
      await resendDeadLetters.run(client, { id });
      await audit(client, { actor: me.id, action: 'webhook.resume', target: id, detail: { channel } });
      return toWebhook(await stored(client, id));
    });
}

/** Handles DeleteOutgoingWebhook: deletes a webhook with its dead letters. */
export function createDeleteOutgoingWebhook(pool: Pool) {
  return (request: OutgoingWebhook, me: UserCaller): Promise<Empty> =>
    withManagedWebhook(pool, me, { id: request.id, sort }, async (client, { id, channelId: channel }) => {
      await deleteOutgoingWebhook.run(client, { id });
      await audit(client, { actor: me.id, action: 'webhook.delete', target: id, detail: { channel } });
      return Empty.create();
    });
}

/** Handles ListDeadLetters: returns the entries that a webhook did not deliver and does not try again. */
export function createListDeadLetters(pool: Pool) {
  return (request: OutgoingWebhook, me: UserCaller): Promise<ListDeadLettersResponse> =>
    withManagedWebhook(pool, me, { id: request.id, sort }, async (client, { id }) => {
      const rows = await listDeadLetters.run(client, { id, most: limits.webhookFailures });
      const deadLetters = rows.map(({ failedMs: failedAt, ...row }) => ({ ...row, failedAt }));
      return ListDeadLettersResponse.fromPartial({ deadLetters });
    });
}
