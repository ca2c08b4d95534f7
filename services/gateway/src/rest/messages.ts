import {
  ChannelService,
  HistoryRequest,
  Kind,
  ListReceiptsRequest,
  Message,
  type Notify,
  SearchRequest,
  SetNotifyRequest,
  UpdateReceiptRequest,
} from '@parley/contract';
import { limits, refuse } from '@parley/runtime';
import * as z from 'zod';
import { route } from '../api/route.js';
import type { ServiceCalls } from '../api/service-calls.js';
import { chatJson, chatShape, notifyChoices, receiptJson, receiptShape } from './channel-shape.js';
import {
  askedPage,
  channelIdText,
  channelParams,
  flagField,
  msOf,
  nextField,
  nextOf,
  pageFields,
  present,
  seqField,
  seqText,
  textUpTo,
  timeField,
} from './fields.js';
import { idempotencyKey, ifMatch } from './headers.js';
import {
  ackJson,
  ackShape,
  clientIdOf,
  contentOfBody,
  messageContentFields,
  newMessageFields,
  restMessage,
  textBodyBytes,
} from './message-body.js';
import { messageJson, messageShape } from './message-shape.js';

const tag = 'messages';
const messageParams = channelParams.extend({ seq: seqText });
const send = route({
  ...{ method: 'POST', path: '/channels/{channel_id}/messages', tag, status: 201 },
  summary: 'Sends a message to a chat.',
  headers: idempotencyKey,
  maxBodyBytes: textBodyBytes,
  params: channelParams,
  body: z.strictObject({
    ...newMessageFields,
    file_ids: z
      .array(z.string())
      .max(limits.filesAtOnce)
      .optional()
      .meta({ description: 'complete files of the caller' }),
  }),
  answer: ackShape,
  run: async ({ calls, params: { channel_id: channelId }, body, headers, setHeader }) => {
    const clientId = clientIdOf(headers['idempotency-key']);
    const ack = await calls.post(restMessage(channelId, clientId, body, body.file_ids));
    if (ack.seq > 0) setHeader('location', `/api/v1/channels/${channelId}/messages/${ack.seq}`);
    return ackJson(channelId, ack);
  },
});

const history = route({
  ...{ method: 'GET', path: '/channels/{channel_id}/messages', tag },
  summary: 'Returns a page of messages, or of the pinned ones: the newest first, or after `after` the oldest first.',
  params: channelParams,
  query: z.strictObject({
    before: seqText.optional().meta({ description: 'only messages before this seq' }),
    after: seqText.optional().meta({ description: 'only messages after this seq, the oldest first' }),
    oldest_first: flagField.optional(),
    pinned: flagField.optional().meta({ description: 'only pinned messages; not with `after` or `oldest_first`' }),
    size: pageFields.size,
  }),
  answer: z.strictObject({ messages: z.array(messageShape), more: z.boolean(), log: z.string() }),
  run: async ({ calls, params: { channel_id: channelId }, query }) => {
    const { before: beforeSeq, after: afterSeq, oldest_first: oldestFirst, size, pinned } = query;
    const range = present({ beforeSeq, afterSeq, size, oldestFirst, pinned });
    const request = HistoryRequest.fromPartial({ channelId, ...range });
    const { messages, more, log } = await calls.managers(ChannelService.history, request);
    return { messages: messages.map((one) => messageJson({ ...one, channelId })), more, log };
  },
});

async function readOne(calls: ServiceCalls, channelId: number, seq: number): Promise<z.infer<typeof messageShape>> {
  const request = HistoryRequest.fromPartial({ channelId, beforeSeq: seq + 1, size: 1 });
  const { messages } = await calls.managers(ChannelService.history, request);
  const [found] = messages;
  if (found?.seq !== seq) throw refuse('message-not-found');
  return messageJson({ ...found, channelId });
}

const readMessage = route({
  ...{ method: 'GET', path: '/channels/{channel_id}/messages/{seq}', tag },
  summary: 'Returns one message, with its current text, reactions and replies.',
  params: messageParams,
  answer: messageShape,
  run: ({ calls, params: { channel_id: channelId, seq } }) => readOne(calls, channelId, seq),
});

const edit = route({
  ...{ method: 'PATCH', path: '/channels/{channel_id}/messages/{seq}', tag },
  summary: 'Replaces the text of a message of your own.',
  headers: { ...idempotencyKey, ...ifMatch('the message') },
  maxBodyBytes: textBodyBytes,
  params: messageParams,
  body: z.strictObject(messageContentFields),
  answer: ackShape,
  current: ({ calls, params: { channel_id: channelId, seq } }) => readOne(calls, channelId, seq),
  run: async ({ calls, params: { channel_id: channelId, seq: targetSeq }, body, headers }) => {
    const clientId = clientIdOf(headers['idempotency-key']);
    const message = { channelId, clientId, kind: Kind.EDIT, targetSeq, ...contentOfBody(body) };
    return ackJson(channelId, await calls.post(Message.fromPartial(message)));
  },
});

/** Returns a route that changes one message without content of its own. */
function amendment(method: 'PUT' | 'DELETE', path: string, kind: Kind, summary: string) {
  return route({
    ...{ method, path: `/channels/{channel_id}/messages/{seq}${path}`, tag, summary, headers: idempotencyKey },
    params: messageParams.extend({ emoji: textUpTo(limits.reactionCharacters).optional() }),
    run: async ({ calls, params: { channel_id: channelId, seq: targetSeq, emoji = '' }, headers }) => {
      const clientId = clientIdOf(headers['idempotency-key']);
      await calls.post(Message.fromPartial({ channelId, clientId, kind, targetSeq, data: Buffer.from(emoji) }));
    },
  });
}

const typing = route({
  ...{ method: 'POST', path: '/channels/{channel_id}/typing', tag },
  summary: 'Shows others that the caller is typing, or has stopped.',
  params: channelParams,
  body: z.strictObject({ stopped: z.boolean().optional() }).optional(),
  run: async ({ calls, params: { channel_id: channelId }, body }) => {
    await calls.post(Message.fromPartial({ channelId, typing: { stopped: body?.stopped ?? false } }));
  },
});

const search = route({
  ...{ method: 'GET', path: '/messages', tag },
  summary: 'Searches the messages of the caller’s channels for words and "phrases", the newest first.',
  query: z.strictObject({
    text: textUpTo(limits.searchCharacters).optional(),
    channel_id: channelIdText.optional(),
    sender: z.string().min(1).optional(),
    sent_before: timeField.optional(),
    sent_after: timeField.optional(),
    ...pageFields,
  }),
  answer: z.strictObject({ messages: z.array(messageShape), next: nextField }),
  run: async ({ calls, query }) => {
    const request = SearchRequest.fromPartial({
      ...present({ text: query.text, channelId: query.channel_id, sender: query.sender }),
      ...{ before: msOf(query.sent_before), after: msOf(query.sent_after), page: askedPage(query) },
    });
    const { messages, next } = await calls.managers(ChannelService.search, request);
    return { messages: messages.map(messageJson), next: nextOf(next) };
  },
});

const moveReceipt = route({
  ...{ method: 'PATCH', path: '/channels/{channel_id}/receipt', tag: 'receipts' },
  summary: 'Moves the receipt of the caller forward, or marks the chat as unread or read.',
  params: channelParams,
  body: z.strictObject({
    log: z.string().meta({ description: '`log` of the chat, to which the seqs belong' }),
    delivered_seq: seqField.optional(),
    read_seq: seqField.optional(),
    marked_unread: z.boolean().optional().meta({
      description:
        'sets or removes the mark "unread". Without this field, a `read_seq` at or after the current one removes the mark. A later receipt of a stream removes the mark only if that receipt moves `read_seq`; so also send the `read_seq` of receipts that are still on their way',
    }),
  }),
  answer: chatShape,
  run: async ({ calls, params: { channel_id: channelId }, body }) => {
    const { log, delivered_seq: deliveredSeq, read_seq: readSeq, marked_unread: markedUnread } = body;
    const fields = present({ deliveredSeq, readSeq, markedUnread });
    const request = UpdateReceiptRequest.fromPartial({ channelId, log, ...fields });
    return chatJson(await calls.managers(ChannelService.updateReceipt, request));
  },
});

const listReceipts = route({
  ...{ method: 'GET', path: '/channels/{channel_id}/receipts', tag: 'receipts' },
  summary: 'Lists how far the other members have received and read a chat.',
  params: channelParams,
  query: z.strictObject({
    seq: seqText.optional().meta({ description: 'a message, whose sender is left out' }),
    ...pageFields,
  }),
  answer: z.strictObject({ receipts: z.array(receiptShape), next: nextField }),
  run: async ({ calls, params: { channel_id: channelId }, query }) => {
    const request = ListReceiptsRequest.fromPartial({ channelId, seq: query.seq ?? 0, page: askedPage(query) });
    const { receipts, next } = await calls.managers(ChannelService.listReceipts, request);
    return { receipts: receipts.map(receiptJson), next: nextOf(next) };
  },
});

const setNotify = route({
  ...{ method: 'PUT', path: '/channels/{channel_id}/notify', tag: 'notifications' },
  summary: 'Sets which messages of a chat notify the caller.',
  params: channelParams,
  body: z.strictObject({ notify: notifyChoices.schema }),
  run: async ({ calls, params: { channel_id: channelId }, body }) => {
    const notify = notifyChoices.numberOf(body.notify) as Notify;
    await calls.managers(ChannelService.setNotify, SetNotifyRequest.fromPartial({ channelId, notify }));
  },
});

/** Routes for messages, their changes, history, search, receipts and notification levels. */
export const messageRoutes = [
  ...[send, history, readMessage, edit],
  amendment('DELETE', '', Kind.DELETE, 'Deletes a message: its text, for everyone.'),
  amendment('PUT', '/reactions/{emoji}', Kind.REACT, 'Adds a reaction of the caller.'),
  amendment('DELETE', '/reactions/{emoji}', Kind.UNREACT, 'Removes a reaction of the caller.'),
  amendment('PUT', '/pin', Kind.PIN, 'Pins a message, for the owner and admins of the channel.'),
  amendment('DELETE', '/pin', Kind.UNPIN, 'Unpins a message.'),
  ...[typing, search, moveReceipt, listReceipts, setNotify],
];
