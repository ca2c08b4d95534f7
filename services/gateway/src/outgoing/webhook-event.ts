import { Kind, webhookTypes } from '@parley/contract';
import { messageOfEntry } from '@parley/service-kit';
import { Webhook } from 'standardwebhooks';
import type { PublicPost } from '../outbound/public-post.js';
import { messageJson } from '../rest/message-shape.js';
import type { StoredLogEntry } from '../store/inbox-store.js';
import type { TakenWebhook } from '../store/outgoing-store.js';

/** Returns the type of the event of an entry. */
export function eventType(kind: number): string {
  return webhookTypes[kind as Kind];
}

/** Returns the body for an entry: JSON with the type, the time and the data of the event. */
export function eventBody(channelId: number, entry: StoredLogEntry): string {
  const message = messageOfEntry(entry);
  const { kind: _, edited_at, pinned_at, reactions, replies, ...data } = messageJson({ ...message, channelId });
  const isMessage = entry.kind === Kind.UNSPECIFIED;
  const targets = {
    reply_to: isMessage ? data.reply_to : null,
    target_seq: isMessage ? null : entry.targetSeq || null,
  };
  return JSON.stringify({ type: eventType(entry.kind), timestamp: data.sent_at, data: { ...data, ...targets } });
}

/**
 * Returns the request that delivers an entry, in the form of Standard Webhooks. Every attempt at an
 * entry has the same `webhook-id`.
 */
export function eventRequest(
  id: string,
  { url, secret, oldSecret, log, channelId }: Pick<TakenWebhook, 'url' | 'secret' | 'oldSecret' | 'log' | 'channelId'>,
  entry: StoredLogEntry,
  now = new Date(),
): PublicPost {
  const body = eventBody(channelId, entry);
  const eventId = `${id}-${log.slice(0, 8)}-${entry.seq}`;
  const secrets = oldSecret === null ? [secret] : [secret, oldSecret];
  const signatures = secrets.map((one) => new Webhook(one, { format: 'raw' }).sign(eventId, now, body));
  const bytes = Buffer.from(body);
  return {
    url,
    headers: {
      'content-type': 'application/json',
      'content-length': bytes.length,
      'user-agent': 'Parley',
      'webhook-id': eventId,
      'webhook-timestamp': Math.floor(now.getTime() / 1_000),
      'webhook-signature': signatures.join(' '),
    },
    body: bytes,
  };
}
