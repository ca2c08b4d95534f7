import {
  type HistoryResponse,
  type InboxEvent,
  type InboxWelcome,
  Kind,
  type Message,
  rulesOf,
} from '@parley/contract';
import { refuse } from '@parley/runtime';
import { asRefusal } from '@parley/service-kit';
import { Backlog, type BacklogPart, type UndeliveredRoom } from './backlog.js';
import { amendmentFrame, memberFrames, receiptFrames } from './event-frames.js';
import { type FrameRef, fitted, type RealtimeFrame, readRealtimeFrame, realtimeFrame, refusalFrame } from './frames.js';
import type { RealtimeRequest } from './requests.js';
import { realtimeRequests } from './room-requests.js';
import { messageFields, roomFields } from './shapes.js';

/** A request of a client, and the token to log in with first. */
export interface RealtimeCommand {
  readonly ref: FrameRef;
  /** Token; undefined: the one that the client has used before. */
  readonly token: string | undefined;
  /** Undefined: the client only logs in. */
  readonly request: RealtimeRequest | undefined;
  readonly payload: never;
}

/** Frames with a part of the history, and the seq to record as delivered; 0: none. */
export interface ToldBatch {
  readonly frames: readonly string[];
  readonly deliveredSeq: number;
}

/** Maximum number of messages of this client that are recognised when they arrive as events. */
const mostOwnMessages = 1_000;

/** Document 004, without I/O: one client, which an account has logged in. */
export class Document004 {
  #backlog: Backlog | undefined;
  #userId = '';
  /** Client ids of the messages that this client has sent, which it does not get back. */
  readonly #own = new Set<string>();

  /** Rooms of the client, once it is logged in. */
  get backlog(): Backlog | undefined {
    return this.#backlog;
  }

  /** Returns the command in a frame of the client, or the frames with which to answer at once. */
  read(payload: Buffer, isBinary: boolean): RealtimeCommand | string[] {
    let ref: FrameRef;
    try {
      const frame = readRealtimeFrame(payload, isBinary);
      ref = frame.ref;
      return this.#commandOf(frame);
    } catch (thrown) {
      return [refusalFrame(asRefusal(thrown), ref)];
    }
  }

  #commandOf({ type, ref, token, payload }: RealtimeFrame): RealtimeCommand {
    if (type === 'auth') {
      if (token === undefined) throw refuse('invalid-request', { message: 'auth_token: give the token of a login' });
      return { ref, token, request: undefined, payload: payload as never };
    }
    const request = realtimeRequests.get(type);
    if (request === undefined)
      throw refuse('invalid-request', { message: `type: there is no request ${JSON.stringify(type)}` });
    if (this.#backlog === undefined && token === undefined)
      throw refuse('unauthenticated', { message: 'Send auth with an auth_token first.' });
    return { ref, token, request, payload: fitted(request.payload, payload) as never };
  }

  /** Begins the stream of a user who has these undelivered rooms. Returns the first frames. */
  begin({ me, maxBytes, now, chats }: InboxWelcome, rooms: readonly UndeliveredRoom[]): string[] {
    const { id = '', name = '' } = me ?? {};
    this.#userId = id;
    this.#backlog = new Backlog(id);
    this.#backlog.begin(chats, rooms);
    const fields = { user_id: id, username: name, max_bytes: maxBytes, timestamp: new Date(now).toISOString() };
    return [realtimeFrame('welcome', fields)];
  }

  /** Notes that this client sends a message with a client id. */
  sends(clientId: string): void {
    this.#own.add(clientId);
    const [oldest = ''] = this.#own;
    if (this.#own.size > mostOwnMessages) this.#own.delete(oldest);
  }

  /** Notes that a message was refused. */
  wasRefused(clientId: string): void {
    this.#own.delete(clientId);
  }

  /** Returns the frames for a part of the history. */
  fill(part: BacklogPart, page: HistoryResponse): ToldBatch {
    const { channelId, afterSeq, untilSeq } = part;
    const batch = this.#backlog?.filled(part, page);
    if (batch === undefined) return { frames: [], deliveredSeq: 0 };
    const { messages, more, deliveredSeq, isLost } = batch;
    if (isLost) {
      const lost = { room_id: channelId, after: afterSeq, until: untilSeq };
      return { frames: [realtimeFrame('messages_lost', lost)], deliveredSeq };
    }
    const fields = { room_id: channelId, messages: messages.map(messageFields), more };
    return { frames: messages.length === 0 ? [] : [realtimeFrame('missed_messages', fields)], deliveredSeq };
  }

  /** Returns the frames for an event of the inbox. */
  tell(event: InboxEvent): string[] {
    const backlog = this.#backlog;
    if (backlog === undefined) return [];
    const { message, added, changed, removed, gap, chatReset, draining } = event;
    if (message !== undefined) return this.#tellMessage(message, backlog);
    if (gap !== undefined) backlog.missed(gap.channelId, gap.from, gap.to);
    if (added !== undefined) {
      backlog.joined(added.id, added.log);
      return [realtimeFrame('room_added', roomFields(added))];
    }
    if (changed !== undefined) return [realtimeFrame('room_changed', roomFields(changed))];
    if (removed !== undefined) {
      backlog.left(removed.id);
      return [realtimeFrame('room_removed', { room_id: removed.id })];
    }
    if (chatReset !== undefined) {
      backlog.restarted(chatReset.channelId, chatReset.log);
      return [realtimeFrame('room_reset', { room_id: chatReset.channelId })];
    }
    return draining === undefined ? [] : [realtimeFrame('draining', { ends_in_ms: draining.endsInMs })];
  }

  #tellMessage(message: Message, backlog: Backlog): string[] {
    const { channelId, seq, kind, receipt, typing, presence, targetSeq } = message;
    if (receipt !== undefined) {
      const isNews = receipt.userId !== this.#userId || backlog.moved(channelId, receipt.deliveredSeq);
      return isNews ? receiptFrames(channelId, receipt) : [];
    }
    if (typing !== undefined) {
      const fields = { room_id: channelId, user_id: typing.userId, stopped: typing.stopped };
      return typing.userId === this.#userId ? [] : [realtimeFrame('typing', fields)];
    }
    if (presence !== undefined) {
      const [online, offline] = [presence.came, presence.went].map((users) => users.map(({ id }) => id));
      return [realtimeFrame('presence', { room_id: channelId, online, offline })];
    }
    if (kind === Kind.UNSPECIFIED) return this.#tellText(message, backlog);
    const isOwn = this.#isOwn(message);
    if (kind === Kind.MEMBER) {
      backlog.arrived(channelId, seq, false);
      return memberFrames(message);
    }
    if (rulesOf(kind)?.amends !== true) return [];
    const isShown = backlog.changed(channelId, seq, targetSeq) && !isOwn;
    return isShown ? [amendmentFrame(message)] : [];
  }

  #tellText(message: Message, backlog: Backlog): string[] {
    const { channelId, seq, sender } = message;
    const isOwn = this.#isOwn(message);
    const isShown = seq === 0 || backlog.arrived(channelId, seq, sender !== this.#userId);
    return isShown && !isOwn ? [realtimeFrame('chat_message', messageFields(message))] : [];
  }

  #isOwn({ sender, clientId }: Message): boolean {
    return sender === this.#userId && clientId !== '' && this.#own.has(clientId);
  }
}
