import { ChannelService, HistoryRequest, Message } from '@parley/contract';
import { limits, refuse } from '@parley/runtime';
import { asRefusal } from '@parley/service-kit';
import * as z from 'zod';
import type { Download } from '../../api/download.js';
import { type ApiRequest, route } from '../../api/route.js';
import type { ServiceCalls } from '../../api/service-calls.js';
import { channelIdText } from '../../rest/fields.js';
import { clientIdOf } from '../../rest/message-body.js';
import { fileIdOf, filePath, isSpoken, type Message001, messageSchema, wireMessage } from './shapes.js';

const tag = 'messages';
const chatParams = z.object({ chat_id: channelIdText });
const maxMessages = 100;
/** Maximum number of pages that one call reads to find messages among other entries. */
const maxPages = 10;
/** A JSON string can take six bytes for one of text. */
const maxBodyBytes = 6 * limits.messageBytes + 8_192;

const messageFields = z.object({
  content: z.string(),
  files: z.array(z.string()).nullish(),
  chatId: z.unknown().optional(),
});

async function post({
  calls,
  params: { chat_id: channelId },
  body: { content, files },
  headers,
}: ApiRequest<z.infer<typeof chatParams>, unknown, z.infer<typeof messageFields>>): Promise<Message001> {
  const data = Buffer.from(content);
  const clientId = clientIdOf(headers['idempotency-key']);
  const fileIds = (files ?? []).map(fileIdOf);
  const draft = Message.fromPartial({ channelId, clientId, data, contentType: 'text/plain', fileIds });
  const { seq, timestamp } = await calls.post(draft).catch((thrown: unknown) => {
    if (asRefusal(thrown).reason !== 'file-not-found') throw thrown;
    throw refuse('invalid-message', { message: 'A file of the message is unknown. Upload it first.' });
  });
  const { number: userId } = await calls.me();
  return wireMessage(channelId, { ...draft, seq, timestamp, userId });
}

/** Both the path that clients use and the one that the document names. */
const send = ['/chats/{chat_id}', '/chats/{chat_id}/messages'].map((path) =>
  route({
    ...{ method: 'POST', path, tag, status: 201, summary: 'Sends a message to a chat.', maxBodyBytes },
    params: chatParams,
    body: messageFields,
    answer: messageSchema,
    run: post,
  }),
);

/** Returns messages before a seq, the newest first. */
async function newestFirst(
  calls: ServiceCalls,
  channelId: number,
  before: number,
  limit: number,
): Promise<Message001[]> {
  const found: Message001[] = [];
  let beforeSeq = before;
  for (let page = 0; page < maxPages && found.length < limit; page++) {
    const request = HistoryRequest.fromPartial({ channelId, beforeSeq, size: maxMessages });
    const { messages, more } = await calls.managers(ChannelService.history, request);
    const entries = [...messages].sort((one, other) => other.seq - one.seq);
    found.push(...entries.filter(isSpoken).map((message) => wireMessage(channelId, message)));
    beforeSeq = entries.at(-1)?.seq ?? 0;
    if (!more || beforeSeq === 0) break;
  }
  return found.slice(0, limit);
}

const countField = z.coerce.number().int().min(0).max(Number.MAX_SAFE_INTEGER).optional();
const history = route({
  ...{ method: 'GET', path: '/chats/{chat_id}/messages', tag },
  summary: 'Returns messages before `last_id`, the newest first, at most 100.',
  params: chatParams,
  query: z.object({
    last_id: countField.meta({ description: 'id of the oldest message that the client has' }),
    limit: countField.meta({ description: '0, absent or more than 100: 100' }),
  }),
  answer: z.array(messageSchema),
  run: ({ calls, params: { chat_id: channelId }, query: { last_id: before = 0, limit = 0 } }) =>
    newestFirst(calls, channelId, before, limit === 0 ? maxMessages : Math.min(limit, maxMessages)),
});

const upload = route({
  ...{ method: 'POST', path: '/upload', tag: 'files', upload: 'multipart/form-data' },
  summary: 'Uploads files, and returns their paths below `/api`, to be sent in `files` of a message.',
  answer: z.array(z.string()),
  run: async ({ files, incoming, calls, hold }) =>
    (await files.receiveForm({ incoming, calls, hold })).map(({ id }) => filePath(id)),
});

const fileParams = z.object({ file_id: z.string() });
const download = route<z.infer<typeof fileParams>, undefined, undefined, Download>({
  ...{ method: 'GET', path: '/files/{file_id}', tag: 'files', status: 200, isDownload: true },
  summary: 'Returns the bytes of a file.',
  params: fileParams,
  run: async ({ files, calls, params: { file_id: id } }) => files.open(calls, id),
});

/** Routes of document 001 for messages. */
export const messageRoutes001 = [...send, history, upload, download];
