import { createHash } from 'node:crypto';
import { type Ack, Message } from '@parley/contract';
import { isUuid, limits, refuse } from '@parley/runtime';
import * as z from 'zod';
import { seqField, servedText, textUpTo, timeField, timeOf } from './fields.js';
import { keyIn } from './headers.js';

/** A JSON string can take six bytes for one of text, and base64 takes a third more. */
export const textBodyBytes = 6 * limits.messageBytes + 8_192;

/**
 * Returns the client id of an Idempotency-Key: the key itself if it is a UUID, or else a UUID that
 * follows from it.
 * @throws {Refusal} `invalid-request`
 */
export function clientIdOf(header: string | string[] | undefined): string {
  if (header === undefined) return '';
  const key = keyIn(header);
  if (isUuid(key)) return key.toLowerCase();
  const hex = createHash('sha256').update(key).digest('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), `8${hex.slice(13, 16)}`, `8${hex.slice(17, 20)}`, hex.slice(20, 32)].join(
    '-',
  );
}

/** The place of a message that was sent. */
export const ackShape = z
  .strictObject({
    channel_id: z.int(),
    seq: z.int().meta({ description: '0: a lossy message' }),
    sent_at: timeField.nullable(),
    client_id: z.string().nullable(),
  })
  .meta({ id: 'Sent' });

/** Returns an ack in the form of `ackShape`. */
export function ackJson(channelId: number, { seq, timestamp, clientId }: Ack): z.infer<typeof ackShape> {
  return { channel_id: channelId, seq, sent_at: timeOf(timestamp), client_id: clientId === '' ? null : clientId };
}

/** Fields of the content of a message, or of an edit. */
export const messageContentFields = {
  text: z.string().optional(),
  data: z.base64().optional().meta({ description: 'bytes instead of text' }),
  content_type: textUpTo(limits.contentTypeCharacters).optional().meta({ pattern: '^[ -~]*$' }),
};

/**
 * Returns the content of a message. One with files needs none.
 * @throws {Refusal} `invalid-message` unless there is exactly one of text and data.
 */
export function contentOfBody(
  { text, data, content_type: type }: z.infer<z.ZodObject<typeof messageContentFields>>,
  hasFiles = false,
) {
  if (hasFiles && text === undefined && data === undefined) return { contentType: type ?? 'text/plain' };
  if ((text === undefined) === (data === undefined))
    throw refuse('invalid-message', { message: 'Give either text or data.' });
  const contentType = type ?? (text === undefined ? '' : 'text/plain');
  return { data: text === undefined ? Buffer.from(data ?? '', 'base64') : Buffer.from(text), contentType };
}

/** Fields of a new message. */
export const newMessageFields = {
  ...messageContentFields,
  reply_to: seqField.optional(),
  mentions: z.array(servedText.userId).max(limits.mentions).optional(),
  lossy: z.boolean().optional().meta({ description: 'only for users who are there now; never stored' }),
};

type NewMessageBody = z.infer<z.ZodObject<typeof newMessageFields>>;

/**
 * Returns the message of a request.
 * @throws {Refusal} `invalid-message`
 */
export function restMessage(
  channelId: number,
  clientId: string,
  body: NewMessageBody,
  fileIds: string[] = [],
): Message {
  const { reply_to: targetSeq = 0, mentions = [], lossy = false } = body;
  const content = contentOfBody(body, fileIds.length > 0);
  return Message.fromPartial({ channelId, clientId, ...content, targetSeq, mentions, lossy, fileIds });
}
