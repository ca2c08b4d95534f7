import { Kind, MemberChange, Message } from '@parley/contract';
import { type ConversationEvent, textOf } from '../src/index.js';
import { entryEvent } from './rig.js';

/** A message in the form that a reader has. A deleted message has no text. */
interface ShownMessage {
  readonly sender: string;
  text: string | undefined;
  /** Reactions, each as an emoji and a user id. */
  reactions: Set<string>;
}

/** The messages of a chat, built from its entries in order. */
export class Timeline {
  readonly messages = new Map<number, ShownMessage>();

  apply(event: ConversationEvent): void {
    if (event.type === 'message') {
      const { seq, sender, deleted } = event;
      const reactions = event.reactions.flatMap(({ emoji, userIds }) => userIds.map((id) => `${emoji} ${id}`));
      this.messages.set(seq, { sender, text: deleted ? undefined : textOf(event), reactions: new Set(reactions) });
    } else if ('target' in event) this.#change(event);
  }

  #change(event: Extract<ConversationEvent, { target: number }>): void {
    const message = this.messages.get(event.target);
    if (message?.text === undefined) return;
    if (event.type === 'edit') message.text = textOf(event);
    else if (event.type === 'react') message.reactions.add(`${event.emoji} ${event.sender}`);
    else if (event.type === 'unreact') message.reactions.delete(`${event.emoji} ${event.sender}`);
    else if (event.type === 'delete') {
      message.text = undefined;
      message.reactions.clear();
    }
  }
}

/** A row of `chat.message`. */
export interface LogRow {
  readonly seq: number;
  readonly kind: Kind;
  readonly sender: string;
  readonly clientId: string;
  readonly targetSeq: number;
  readonly data: Buffer;
  /** Unix ms. */
  readonly timestamp: number;
}

const endless = Number.POSITIVE_INFINITY;

/** A stay of a user in a chat: from the entry after the seq `after` to the seq `to`. */
export interface Stay {
  readonly after: number;
  readonly to: number;
}

/** Model of a chat: the stored log, and the part of it that each user may see. */
export class ChatModel {
  readonly rows: readonly LogRow[];
  readonly closed: boolean;
  readonly #founders: readonly string[];

  /**
   * Makes a model. `texts` are the acknowledged texts by seq, because later changes remove the text
   * of a row.
   */
  constructor(
    rows: readonly LogRow[],
    texts: ReadonlyMap<number, string>,
    founders: readonly string[],
    closed: boolean,
  ) {
    this.rows = rows.map((row) => ({ ...row, data: Buffer.from(texts.get(row.seq) ?? row.data) }));
    this.#founders = founders;
    this.closed = closed;
  }

  get last(): number {
    return this.rows.at(-1)?.seq ?? 0;
  }

  /** Builds the messages as they were after the entry `upTo`. */
  messages(upTo = this.last): Timeline['messages'] {
    const timeline = new Timeline();
    for (const row of this.rows.slice(0, upTo)) {
      const event = entryEvent(Message.fromPartial({ ...row, contentType: 'text/plain' }));
      if (event !== undefined) timeline.apply(event);
    }
    return timeline.messages;
  }

  /** Returns the stays of a user in the chat. The last stay of a current member has no end. */
  stays(userId: string): Stay[] {
    const stays: Stay[] = this.#founders.includes(userId) ? [{ after: 0, to: endless }] : [];
    for (const { seq, kind, data } of this.rows) {
      const change = kind === Kind.MEMBER ? MemberChange.decode(data) : undefined;
      const last = stays.at(-1);
      const isIn = last?.to === endless;
      const isNamed = change !== undefined && [change.userId, ...change.moreUserIds].includes(userId);
      if (!isNamed || change.joined === isIn) continue;
      if (isIn) stays[stays.length - 1] = { after: last.after, to: seq };
      else stays.push({ after: seq - 1, to: endless });
    }
    return stays;
  }

  isIn(userId: string, seq: number): boolean {
    return this.stays(userId).some(({ after, to }) => seq > after && seq <= to);
  }

  /** Returns the part of the chat that a user may read now. */
  readable(userId: string): Stay {
    const { after, to } = this.stays(userId).at(-1) ?? { after: 0, to: 0 };
    return { after: this.closed ? after : 0, to };
  }

  /** Returns whether a user may ever have received an entry on a stream. */
  mayHaveSeen(userId: string, seq: number): boolean {
    return this.isIn(userId, seq) || (!this.closed && seq <= this.readable(userId).to);
  }

  /** Returns the messages as History must show them to a user. Former members see no reactions. */
  shownTo(userId: string): Timeline['messages'] {
    const { after, to } = this.readable(userId);
    const [then, now] = [this.messages(to), this.messages()];
    const lateEdits = this.rows.filter(({ kind, seq }) => kind === Kind.EDIT && seq > to);
    const shown = [...then].filter(([seq]) => seq > after);
    return new Map(
      shown.map(([seq, message]) => {
        const isGone = now.get(seq)?.text === undefined || lateEdits.some(({ targetSeq }) => targetSeq === seq);
        const { text } = message;
        return [seq, { ...message, text: isGone ? undefined : text, ...(to < endless && { reactions: new Set() }) }];
      }),
    );
  }

  /** Returns the number of messages that a member has not read. */
  unread(userId: string, readSeq: number): number {
    const stays = this.stays(userId);
    const joined = (this.closed ? stays.at(-1) : stays[0])?.after ?? 0;
    const unread = [...this.messages()].filter(
      ([seq, { sender, text }]) => seq > Math.max(readSeq, joined) && sender !== userId && text !== undefined,
    );
    return Math.min(unread.length, 100);
  }
}
