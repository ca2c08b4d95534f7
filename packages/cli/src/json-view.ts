import { type ConversationEvent, type EntryEvent, textOf } from '@parley/client';
import type { User } from '@parley/contract';
import type { Refusal } from '@parley/runtime';
import type { ChatView } from './chat-view.js';
import type { UserNames } from './names.js';

type Value = Readonly<Record<string, unknown>>;

function usersOf(users: readonly User[]) {
  return users.map(({ id, name }) => ({ id, name }));
}

/** Function that returns the display name of a user. */
type NameOf = (userId: string) => string;

function baseOf({ type, seq, timestamp, sender, clientId }: EntryEvent, nameOf: NameOf): Value {
  return { event: type, seq, timestamp, sender, sender_name: nameOf(sender), client_id: clientId };
}

function payloadOf(said: { readonly data: Uint8Array; readonly contentType: string }): Value {
  const text = textOf(said);
  const data = text === undefined ? { data: Buffer.from(said.data).toString('base64') } : { text };
  return { content_type: said.contentType, ...data };
}

/** Converts an entry for JSON output. Data that is not text becomes `data`, in base64. */
export function entryValue(entry: EntryEvent, nameOf: NameOf): Value {
  const facts = baseOf(entry, nameOf);
  if (entry.type === 'message') {
    const { replyTo, mentions, fileIds, editedAt, deleted, reactions } = entry;
    const folded = { mentions, file_ids: fileIds, edited_at: editedAt, deleted };
    const reacted = reactions.map(({ emoji, count, userIds, mine }) => ({ emoji, count, user_ids: userIds, mine }));
    return { ...facts, ...payloadOf(entry), reply_to: replyTo, ...folded, reactions: reacted };
  }
  if (entry.type === 'member') {
    const { userId, userIds, joined, role, by } = entry;
    const all = userIds.length > 1 && { user_ids: userIds };
    return { ...facts, user_id: userId, user_name: nameOf(userId), ...all, joined, role, by };
  }
  const about = { ...facts, target: entry.target };
  if ('emoji' in entry) return { ...about, emoji: entry.emoji };
  return 'data' in entry ? { ...about, ...payloadOf(entry) } : about;
}

function stateValue(event: Exclude<ConversationEvent, EntryEvent>, nameOf: NameOf): Value {
  switch (event.type) {
    case 'welcome': {
      const { id, name, limit, users } = event.channel;
      const { log, seq } = event.place;
      const channel = { id, name, limit, users: usersOf(users) };
      return { event: 'welcome', channel, me: event.me.id, here: event.here, log, last_seq: seq };
    }
    case 'presence':
      return { event: 'presence', came: usersOf(event.came), went: usersOf(event.went), here: event.here };
    case 'typing':
      return { event: 'typing', user_id: event.userId, stopped: event.stopped };
    case 'receipt':
      return {
        event: 'receipt',
        user_id: event.userId,
        delivered_seq: event.deliveredSeq,
        read_seq: event.readSeq,
      };
    case 'lossy': {
      const { sender, timestamp } = event;
      return { event: 'lossy', sender, sender_name: nameOf(sender), timestamp, ...payloadOf(event) };
    }
    case 'reset':
      return { event: 'reset', log: event.place.log, last_seq: event.place.seq };
    case 'held': {
      const { clientId, reason, message, inMs } = event;
      return { event: 'held', client_id: clientId, reason, message, in_ms: inMs };
    }
    case 'reconnecting':
      return { event: 'reconnecting', reason: event.reason, message: event.message, in_ms: event.inMs };
    case 'ended':
      return { event: 'ended', reason: event.reason, message: event.message, retry_after_ms: event.retryAfterMs };
    default: {
      const { type, ...rest } = event;
      return { event: type, ...rest };
    }
  }
}

/** Shows a conversation as one JSON value per event. */
export class JsonView implements ChatView {
  readonly #write: (value: Value) => void;
  readonly #names: UserNames;

  constructor(write: (value: Value) => void, names: UserNames) {
    this.#write = write;
    this.#names = names;
  }

  event(event: ConversationEvent): void {
    const { of } = this.#names;
    this.#write('seq' in event ? entryValue(event, of) : stateValue(event, of));
  }

  refused({ reason, message, retryAfterMs }: Refusal): void {
    this.#write({ event: 'refused', reason, message, retry_after_ms: retryAfterMs });
  }
}
