import { setTimeout as pause } from 'node:timers/promises';
import type { Refusal } from '@parley/runtime';
import { FaultProxy, type TestPerson, type Trio } from '@parley/testkit';
import {
  type ChatSummary,
  type Conversation,
  type ConversationEvent,
  createClient,
  type LogPosition,
  type ParleyClient,
  type Sent,
  type Transport,
} from '../src/index.js';
import { ChatModel, type LogRow, Timeline } from './chat-model.js';
import { patient, until } from './rig.js';

/** Routes the streams of one client through proxies of its own, so that they can be cut. */
class Cable {
  readonly #proxies = new Map<string, Promise<FaultProxy>>();

  through(direct: Transport): Transport {
    const listen: Transport['listen'] = async (id, options) => {
      const seat = await direct.listen(id, options);
      const addr = (await this.#proxyTo(seat.server?.addr ?? '')).address;
      return { ...seat, server: seat.server && { ...seat.server, addr } };
    };
    return { ...patient(direct), listen, close: () => {} };
  }

  /** Resets every connection. */
  async cut(): Promise<void> {
    for (const proxy of await Promise.all(this.#proxies.values())) proxy.reset();
  }

  async close(): Promise<void> {
    for (const proxy of await Promise.all(this.#proxies.values())) await proxy.close();
  }

  #proxyTo(addr: string): Promise<FaultProxy> {
    const known = this.#proxies.get(addr) ?? FaultProxy.open(() => addr);
    this.#proxies.set(addr, known);
    return known;
  }
}

/** A user with a client of their own. */
export class Member {
  readonly id: string;
  readonly client: ParleyClient;
  readonly cable = new Cable();

  constructor({ id, token }: TestPerson, direct: Transport) {
    this.id = id;
    this.client = createClient({ transport: this.cable.through(direct), token });
  }

  async close(): Promise<void> {
    await this.client.close();
    await this.cable.close();
  }
}

type Receipts = Readonly<Record<string, { readonly deliveredSeq: number; readonly readSeq: number }>>;

/** Returns the ids of the users whose receipt in `now` is lower than in `before`. */
function steppedBack(before: Receipts, now: Receipts): string[] {
  const isBehind = (id: string) => {
    const [one, other] = [before[id], now[id]];
    return one && other && (other.deliveredSeq < one.deliveredSeq || other.readSeq < one.readSeq);
  };
  return Object.keys(now).filter(isBehind);
}

/**
 * Everything that one user received of one chat on streams, in all conversations one after the
 * other.
 */
export class Reader {
  readonly timeline = new Timeline();
  readonly seqs: number[] = [];
  /** The last entry of the current conversation, 0 for none. */
  lastHere = 0;
  /** Faults found while reading. */
  readonly faults: string[] = [];
  /** Seq below which messages may have changed without an event, because a gap was filled. */
  staleBelow = 0;
  /** Seq after which the reader must get every entry. */
  startsAfter: number | undefined;
  conversation: Conversation | undefined;
  /** Reason for which the last conversation ended. */
  ended = '';
  #receipts: Receipts = {};
  #place: LogPosition | undefined;
  #reading: Promise<void> = Promise.resolve();

  /** Opens a conversation at the position at which the last one ended. */
  open(client: ParleyClient, channelId: number, after = this.#place): void {
    if (this.conversation !== undefined) return;
    this.startsAfter ??= after?.seq;
    this.lastHere = 0;
    this.conversation = client.open(channelId, { ...(after && { after }), inFlight: 2 });
    this.#reading = this.#read(this.conversation);
  }

  /** Leaves the conversation, and resolves when every event has been read. */
  async close(): Promise<void> {
    await this.conversation?.leave();
    await this.#reading;
  }

  async #read(conversation: Conversation): Promise<void> {
    for await (const event of conversation) this.#take(event);
    this.#place = conversation.place;
    this.conversation = undefined;
  }

  #take(event: ConversationEvent): void {
    this.timeline.apply(event);
    if (event.type === 'welcome') this.startsAfter ??= event.place.seq;
    else if (event.type === 'ended') this.ended = event.reason;
    else if (event.type === 'reset') this.faults.push('the log was reset');
    else if (event.type === 'gap') this.staleBelow = event.from;
    else if (event.type === 'receipt') this.note({ [event.userId]: event });
    else if ('seq' in event) this.#receive(event.seq);
  }

  #receive(seq: number): void {
    this.seqs.push(seq);
    this.lastHere = seq;
  }

  /** Records receipts that the user was shown. */
  note(shown: Receipts): void {
    const back = steppedBack(this.#receipts, shown);
    if (back.length > 0) this.faults.push(`receipts of ${back} went back: ${JSON.stringify([this.#receipts, shown])}`);
    this.#receipts = { ...this.#receipts, ...shown };
  }
}

/** One chat of a run, with its members, readers and everything that was sent. */
export class Chat {
  readonly id: number;
  readonly log: string;
  readonly kind: string;
  readonly closed: boolean;
  readonly owner: Member;
  readonly founders: readonly Member[];
  readonly inside: Set<Member>;
  readonly leftByChoice = new Set<Member>();
  readonly readers = new Map<Member, Reader>();
  /** Texts by seq, and messages by sender, as acknowledged. */
  readonly texts = new Map<number, string>();
  readonly said: { readonly seq: number; readonly by: Member }[] = [];
  readonly #sends: Promise<void>[] = [];
  #trimmedTo = 0;
  #deleted: readonly LogRow[] = [];
  /**
   * Two seqs for each user: one up to which the user has certainly read, and one up to which they
   * may have.
   */
  readonly #read = new Map<Member, { certain: number; possible: number }>();
  readonly #polled = new Map<Member, Reader>();
  readonly faults: string[] = [];

  constructor(facts: Pick<Chat, 'id' | 'log' | 'kind' | 'closed' | 'founders'>) {
    this.id = facts.id;
    this.log = facts.log;
    this.kind = facts.kind;
    this.closed = facts.closed;
    this.founders = facts.founders;
    this.owner = facts.founders[0] as Member;
    this.inside = new Set(facts.founders);
  }

  readerOf(member: Member): Reader {
    const reader = this.readers.get(member) ?? new Reader();
    this.readers.set(member, reader);
    return reader;
  }

  /** Starts a send and does not wait for it. The resulting entry must contain `text`. */
  send(text: string | undefined, by: Member, act: (conversation: Conversation) => Promise<Sent>): void {
    const { conversation } = this.readerOf(by);
    if (conversation === undefined) return;
    const sent = act(conversation).then(({ seq }) => {
      if (text !== undefined) this.texts.set(seq, text);
      return seq;
    });
    const isExpected = ({ reason }: Refusal) => /removed|not-found|not-a-member|cancelled/.test(reason);
    const settled = sent.then(
      (seq) => void (text !== undefined && this.said.push({ seq, by })),
      (thrown) => void (isExpected(thrown) || this.faults.push(`a send failed: ${thrown}`)),
    );
    this.#sends.push(settled);
  }

  /** Fetches the view that one member has of the chat from the manager, and records it. */
  async look(member: Member, read = 0): Promise<ChatSummary> {
    const known = this.#read.get(member) ?? { certain: 0, possible: 0 };
    this.#read.set(member, { ...known, possible: Math.max(known.possible, read) });
    const summary = await (read > 0
      ? member.client.chats.markRead(this.id, { log: this.log, seq: read })
      : member.client.chats.get(this.id));
    this.#read.set(member, { certain: Math.max(known.certain, read), possible: Math.max(known.possible, read) });
    const polled = this.#polled.get(member) ?? new Reader();
    this.#polled.set(member, polled);
    polled.note(Object.fromEntries(summary.others.map((one) => [one.userId, one])));
    polled.note({ [member.id]: summary.mine });
    if (summary.mentions > summary.unread) this.faults.push('more mentions than unread messages');
    return summary;
  }

  /** Marks as read on the stream. The mark is certain to arrive only if the stream stays. */
  markRead(member: Member): void {
    const { conversation } = this.readerOf(member);
    const { certain = 0, possible = 0 } = this.#read.get(member) ?? {};
    this.#read.set(member, { certain, possible: Math.max(possible, conversation?.place?.seq ?? 0) });
    conversation?.markRead();
  }

  /**
   * Returns a model of the chat, made from its stored log and from the entries that `trim` has
   * removed.
   */
  async model({ people }: Trio): Promise<ChatModel> {
    const rows = await people.sql(
      `SELECT seq, kind, sender_id AS sender, client_id AS "clientId", coalesce(target_seq, 0) AS "targetSeq", data,
         floor(extract(epoch FROM sent_at) * 1000) AS timestamp
       FROM chat.message WHERE channel_id = $1 ORDER BY seq`,
      [this.id],
    );
    const stored = rows.map((row) => ({
      ...(row as unknown as LogRow),
      seq: Number(row.seq),
      targetSeq: Number(row.targetSeq),
      timestamp: Number(row.timestamp),
    }));
    return new ChatModel(
      [...this.#deleted, ...stored],
      this.texts,
      this.founders.map(({ id }) => id),
      this.closed,
    );
  }

  /** Seq of the last entry that `trim` has removed, 0 for none. */
  get trimmedTo(): number {
    return this.#trimmedTo;
  }

  /** Removes the entries up to `seq`, as retention does: first from every view, and then for good. */
  async trim(trio: Trio, seq: number, isForGood: boolean): Promise<void> {
    const { people } = trio;
    this.#trimmedTo = Math.max(this.#trimmedTo, seq);
    const parameters = [this.id, this.#trimmedTo];
    await people.sql('UPDATE chat.channel_head SET first_seq = $2 + 1 WHERE channel_id = $1', parameters);
    if (!isForGood) return;
    const { rows } = await this.model(trio);
    await people.sql('DELETE FROM chat.message WHERE channel_id = $1 AND seq <= $2', parameters);
    this.#deleted = rows.filter((row) => row.seq <= this.#trimmedTo);
  }

  /** Waits until every send has an answer. */
  async answered(): Promise<void> {
    await Promise.all(this.#sends);
  }

  /**
   * Waits until every send has an answer, and every member has received and acknowledged every
   * entry.
   */
  async settle(trio: Trio): Promise<ChatModel> {
    await this.answered();
    const model = await this.model(trio);
    for (const member of this.inside) this.readerOf(member).open(member.client, this.id);
    await Promise.all([...this.inside].map((member) => this.#received(member, model.last)));
    return model;
  }

  async #received(member: Member, last: number): Promise<void> {
    const reader = this.readerOf(member);
    if (await this.#settled(member, reader, last)) return;
    // An earlier removal may end a conversation late, when its user is in the chat again.
    if (reader.ended !== 'removed') this.faults.push(`${member.id} is in, but got ${reader.ended}`);
    reader.open(member.client, this.id);
    if (!(await this.#settled(member, reader, last)))
      this.faults.push(`${member.id} is in, but got ${reader.ended} again`);
  }

  /**
   * Waits until a reader has received and acknowledged every entry. Returns false if the
   * conversation ends before.
   */
  async #settled(member: Member, reader: Reader, last: number): Promise<boolean> {
    const isOver = () => reader.conversation === undefined;
    await until(() => reader.conversation?.place?.seq === last || isOver());
    await until(async () => {
      const { mine } = await this.look(member);
      return mine.deliveredSeq >= reader.lastHere || isOver() || pause(200, false);
    });
    return !isOver();
  }

  /** Returns the lowest and the highest read seq that a member may have after `settle`. */
  readBounds(member: Member): { readonly certain: number; readonly possible: number } {
    return this.#read.get(member) ?? { certain: 0, possible: 0 };
  }

  /** Returns every fault that a user of the chat saw. */
  get seenFaults(): string[] {
    const readers = [...this.readers, ...this.#polled].flatMap(([{ id }, { faults }]) =>
      faults.map((fault) => `${id}: ${fault}`),
    );
    return [...this.faults, ...readers];
  }
}
