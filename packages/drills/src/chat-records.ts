import type { NamedEntry, ReaderEvent } from '@parley/testkit';

type EntryRecord = Extract<ReaderEvent, { is: 'entry' }>;

/** The entries and events that one user has received in one chat. */
export interface ChatRecord {
  /** Last seq before the first stream. */
  startsAfter: number;
  readonly received: ReaderEvent[];
  /** Times of the entries, on the clock of `performance.now()`. */
  readonly arrivedAt: number[];
  lastSeq: number;
}

/** Entries of all chats. Readers who received the same entry share its record. */
export class SharedEntries {
  readonly #chats = new Map<number, Map<number, EntryRecord>>();

  record(channelId: number, { seq, name }: NamedEntry): EntryRecord {
    const chat = this.#chats.get(channelId) ?? new Map<number, EntryRecord>();
    this.#chats.set(channelId, chat);
    const known = chat.get(seq);
    if (known?.name === name) return known;
    const made: EntryRecord = { is: 'entry', seq, name };
    chat.set(seq, made);
    return made;
  }
}

/** Records of one user, by chat. */
export class ChatRecords {
  readonly #shared: SharedEntries;
  readonly #chats = new Map<number, ChatRecord>();

  constructor(shared: SharedEntries) {
    this.#shared = shared;
  }

  of(channelId: number): ChatRecord {
    const known = this.#chats.get(channelId) ?? { startsAfter: 0, received: [], arrivedAt: [], lastSeq: 0 };
    this.#chats.set(channelId, known);
    return known;
  }

  begin(channelId: number, seq: number): void {
    const chat = this.of(channelId);
    chat.startsAfter = seq;
    chat.lastSeq = seq;
  }

  entry(channelId: number, entry: NamedEntry): void {
    const chat = this.of(channelId);
    chat.received.push(this.#shared.record(channelId, entry));
    chat.arrivedAt.push(performance.now());
    chat.lastSeq = Math.max(chat.lastSeq, entry.seq);
  }

  gap(channelId: number, from: number, to: number): void {
    const chat = this.of(channelId);
    chat.received.push({ is: 'gap', from, to });
    chat.lastSeq = Math.max(chat.lastSeq, to);
  }

  /** Returns a function that forgets everything that is recorded after this call. */
  mark(): () => void {
    const marks = new Map([...this.#chats].map(([id, { received, lastSeq }]) => [id, [received.length, lastSeq]]));
    return () => {
      for (const [id, chat] of this.#chats) {
        const [length = 0, lastSeq = chat.startsAfter] = marks.get(id) ?? [];
        chat.received.length = length;
        chat.lastSeq = lastSeq;
      }
    };
  }

  /** Records that the chat has another log. */
  restart(channelId: number): void {
    this.of(channelId).received.push({ is: 'reset', seq: 0 });
  }
}
