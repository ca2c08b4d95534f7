import { type Ack, ChannelService, HistoryRequest, Kind, ListReceiptsRequest, type Message } from '@parley/contract';
import { limits, refuse } from '@parley/runtime';
import * as z from 'zod';
import type { ServiceCalls } from '../../api/service-calls.js';
import { askedPage, nextOf, timeOf } from '../../rest/fields.js';
import { clientIdOf } from '../../rest/message-body.js';
import { messageFields } from './shapes.js';

/** Calls and facts that a request can use. */
export interface RequestContext {
  readonly calls: Pick<ServiceCalls, 'managers' | 'users' | 'overview' | 'channel'>;
  readonly userId: string;
  /** Posts an entry or a sign of typing. @throws {Refusal} of the chat server */
  readonly post: (message: Parameters<typeof Message.fromPartial>[0]) => Promise<Partial<Ack>>;
  /** Records how far the user has received and read a room. @throws {Refusal} `not-a-member` */
  readonly acknowledge: (roomId: number, deliveredSeq: number, readSeq: number) => Promise<void>;
}

/** The answer to a request: the type and the payload of its frame. */
export type RealtimeAnswer = readonly [type: string, payload: object];

/** A request that a client can send. */
export interface RealtimeRequest {
  readonly payload: z.ZodType;
  readonly run: (payload: never, context: RequestContext) => Promise<RealtimeAnswer>;
}

/** Returns a request. The type of its payload follows from the schema. */
export function realtimeRequest<P>(
  payload: z.ZodType<P>,
  run: (payload: P, context: RequestContext) => Promise<RealtimeAnswer>,
): RealtimeRequest {
  return { payload, run };
}

/** The answer to a request that has no other one. */
export const done: RealtimeAnswer = ['ok', {}];

export const roomIdField = z.int().min(1).max(limits.channelId);
const messageIdField = z.int().min(1);
export const pageField = z.string().min(1).max(4_096).optional();

/** Maximum number of messages in one batch, and the number without a limit in the request. */
export const mostInBatch = 100;
const usualInBatch = 50;

const contentSchema = {
  content: z.string().optional(),
  content_type: z.string().min(1).max(limits.contentTypeCharacters).optional(),
};
const base64 = z.base64();

/**
 * Returns the data of a message. The content of a type that is not text is base64.
 * @throws {Refusal} `invalid-request`
 */
function dataOf({ content, content_type: contentType = 'text/plain' }: z.infer<z.ZodObject<typeof contentSchema>>) {
  if (content === undefined || contentType.startsWith('text/'))
    return { contentType, data: Buffer.from(content ?? '') };
  if (!base64.safeParse(content).success)
    throw refuse('invalid-request', { message: `content: the content of ${contentType} must be base64` });
  return { contentType, data: Buffer.from(content, 'base64') };
}

const place = { room_id: roomIdField, message_id: messageIdField };
const key = { client_id: z.string().min(1).max(255).optional() };

const chatMessage = realtimeRequest(
  z.strictObject({
    room_id: roomIdField,
    ...contentSchema,
    ...key,
    reply_to: messageIdField.optional(),
    mentions: z.array(z.string()).max(limits.mentions).optional(),
    file_ids: z.array(z.string()).max(limits.filesAtOnce).optional(),
  }),
  async (payload, { post }) => {
    const {
      room_id: channelId,
      client_id: asked,
      reply_to: targetSeq = 0,
      mentions = [],
      file_ids: fileIds = [],
    } = payload;
    if (payload.content === undefined && fileIds.length === 0)
      throw refuse('invalid-request', { message: 'content: give content, file_ids, or both' });
    const clientId = clientIdOf(asked) || crypto.randomUUID();
    const { seq = 0, timestamp = 0 } = await post({
      ...{ channelId, clientId, targetSeq, mentions, fileIds },
      ...dataOf(payload),
    });
    const sent = { room_id: channelId, message_id: seq, timestamp: timeOf(timestamp), client_id: asked ?? clientId };
    return ['message_sent', sent];
  },
);

const editMessage = realtimeRequest(
  z.strictObject({ ...place, ...contentSchema, ...key, content: z.string() }),
  async (payload, { post }) => {
    const clientId = clientIdOf(payload.client_id) || crypto.randomUUID();
    const target = { channelId: payload.room_id, targetSeq: payload.message_id, kind: Kind.EDIT };
    await post({ ...target, clientId, ...dataOf(payload) });
    return done;
  },
);

const deleteMessage = realtimeRequest(z.strictObject(place), async (payload, { post }) => {
  const target = { channelId: payload.room_id, targetSeq: payload.message_id, kind: Kind.DELETE };
  await post({ ...target, clientId: crypto.randomUUID() });
  return done;
});

const react = realtimeRequest(
  z.strictObject({ ...place, emoji: z.string().max(limits.reactionCharacters), remove: z.boolean().optional() }),
  async ({ room_id: channelId, message_id: targetSeq, emoji, remove = false }, { post }) => {
    const kind = remove ? Kind.UNREACT : Kind.REACT;
    await post({ channelId, targetSeq, kind, data: Buffer.from(emoji), clientId: crypto.randomUUID() });
    return done;
  },
);

const delivered = realtimeRequest(
  z.strictObject(place),
  async ({ room_id: roomId, message_id: seq }, { acknowledge }) => {
    await acknowledge(roomId, seq, 0);
    return done;
  },
);

const read = realtimeRequest(z.strictObject(place), async ({ room_id: roomId, message_id: seq }, { acknowledge }) => {
  await acknowledge(roomId, seq, seq);
  return done;
});

const typing = realtimeRequest(
  z.strictObject({ room_id: roomIdField, stopped: z.boolean().optional() }),
  async ({ room_id: channelId, stopped = false }, { post }) => {
    await post({ channelId, typing: { stopped } });
    return done;
  },
);

const history = realtimeRequest(
  z.strictObject({
    room_id: roomIdField,
    before: messageIdField.optional(),
    after: z.int().min(0).optional(),
    limit: z.int().min(1).max(mostInBatch).optional(),
  }),
  async ({ room_id: channelId, before: beforeSeq = 0, after, limit: size = usualInBatch }, { calls }) => {
    const forward = after === 0 ? { oldestFirst: true } : { afterSeq: after ?? 0 };
    const request = HistoryRequest.fromPartial({ channelId, beforeSeq, size, ...forward });
    const { messages, more } = await calls.managers(ChannelService.history, request);
    const isBackward = after === undefined;
    const entries = isBackward ? messages.toReversed() : messages;
    const shown = entries.filter(({ kind }) => kind === Kind.UNSPECIFIED);
    return [
      'history',
      {
        room_id: channelId,
        messages: shown.map((one) => messageFields({ ...one, channelId })),
        more,
        next: more ? (messages.at(-1)?.seq ?? null) : null,
      },
    ];
  },
);

const messageStatus = realtimeRequest(
  z.strictObject({ ...place, after: pageField }),
  async ({ room_id: channelId, message_id: seq, after }, { calls }) => {
    const request = ListReceiptsRequest.fromPartial({ channelId, seq, page: askedPage({ after }) });
    const { receipts, next } = await calls.managers(ChannelService.listReceipts, request);
    const statuses = receipts.map(({ userId, deliveredSeq, readSeq, updatedAt }) => ({
      message_id: seq,
      user_id: userId,
      status: readSeq >= seq ? 'read' : deliveredSeq >= seq ? 'delivered' : 'sent',
      updated_at: timeOf(updatedAt),
    }));
    return ['message_status', { room_id: channelId, message_id: seq, statuses, next: nextOf(next) }];
  },
);

/** Requests about messages. */
export const messageRequests = {
  chat_message: chatMessage,
  edit_message: editMessage,
  delete_message: deleteMessage,
  message_status: messageStatus,
  ...{ react, delivered, read, typing, history },
};
