import { Client, type ClientDuplexStream, credentials, type StatusObject } from '@grpc/grpc-js';
import { InboxCommand, type InboxEvent, InboxService, type Message } from '@parley/contract';
import { bearerMetadata, clientOptions, startDuplex } from '@parley/rpc';
import { insist, type ServiceProcess, type TestPerson, type Trio } from '@parley/testkit';
import { until } from './rig.js';

/** An event that a device received of one chat, on its connection number `on`. */
export type Happening = { readonly on: number } & (
  | { readonly type: 'entry'; readonly entry: Message }
  | { readonly type: 'gap'; readonly log: string; readonly from: number; readonly to: number }
  | { readonly type: 'chatReset' | 'added' | 'removed' }
);

type HappeningFields = Happening extends infer One ? (One extends Happening ? Omit<One, 'on'> : never) : never;

/** The gateways that the devices of a test connect to. */
export interface Doors {
  readonly trio: Trio;
  /** The live gateways. */
  readonly gateways: readonly ServiceProcess[];
}

/** Reasons for which a busy gateway ends a stream that has not begun. */
const overload: ReadonlySet<string> = new Set(['database-away', 'too-busy']);

interface Place {
  log: string;
  seq: number;
}

/**
 * A device of a user: its connections to the inbox, one after the other, and everything that it
 * received. An exact device starts from Overview and names what it has seen when it resumes. The
 * other ones start with live events, and resume from their position alone.
 */
export class Device {
  readonly person: TestPerson;
  readonly isExact: boolean;
  readonly happenings = new Map<number, Happening[]>();
  /** The places of the chats after which the device must get every entry. */
  readonly starts = new Map<number, Readonly<Place>>();
  readonly faults: string[] = [];
  /** Whether the user is in each chat, as far as the device knows. */
  readonly isIn = new Map<number, boolean>();
  readonly #doors: Doors;
  readonly #seen = new Map<number, Place>();
  /** Logs that events have named, by channel. */
  readonly #logs = new Map<number, string>();
  #position = '';
  #connections = 0;
  #positions = 0;
  #call: ClientDuplexStream<InboxCommand, InboxEvent> | undefined;
  #isWanted = false;
  /** Whether the current connection has received an event. */
  #hasBegun = false;
  #over: Promise<void> = Promise.resolve();

  constructor(doors: Doors, person: TestPerson, isExact: boolean) {
    this.#doors = doors;
    this.person = person;
    this.isExact = isExact;
  }

  /** Starts to watch, and resolves when the start is over. `channelIds` are the chats that exist. */
  async begin(channelIds: readonly number[]): Promise<void> {
    if (this.isExact) await this.#lookOver();
    else await this.resume();
    const sql =
      'SELECT channel_id AS id, log_id AS log, last_seq AS seq FROM chat.channel_head WHERE channel_id = ANY ($1)';
    for (const { id, log, seq } of await this.#doors.trio.people.sql(sql, [channelIds])) {
      if (!this.starts.has(Number(id))) this.starts.set(Number(id), { log: String(log), seq: Number(seq) });
    }
  }

  async #lookOver(): Promise<void> {
    const { chats, inbox } = await insist(() => this.#doors.trio.overview(this.person));
    this.#position = inbox;
    for (const { channel, log } of chats) {
      if (channel === undefined) continue;
      this.#seen.set(channel.id, { log, seq: channel.lastSeq });
      this.starts.set(channel.id, { log, seq: channel.lastSeq });
      this.isIn.set(channel.id, true);
    }
  }

  /** Connects, if the device is not connected, and then waits until it has all that it missed. */
  async resume(): Promise<void> {
    if (this.#isWanted) return;
    const before = this.#positions;
    this.#isWanted = true;
    this.#connect();
    await until(() => this.#positions > before || this.faults.length > 0);
  }

  /** Cuts the connection. */
  async cut(): Promise<void> {
    this.#isWanted = false;
    this.#call?.cancel();
    await this.#over;
  }

  /** Describes what the device received of a chat, for the message of a failure. */
  describe(channelId: number): string {
    const told = (this.happenings.get(channelId) ?? []).map((one) => {
      const what = one.type === 'entry' ? one.entry.seq : one.type === 'gap' ? `gap ${one.from}-${one.to}` : one.type;
      return `${one.on}:${what}`;
    });
    const start = this.starts.get(channelId);
    return `${this.person.id}, ${this.isExact ? 'exact' : 'by position'}, from ${start?.seq} of ${start?.log}: ${told.join(' ')}`;
  }

  #connect(): void {
    const { gateways } = this.#doors;
    this.#connections += 1;
    this.#hasBegun = false;
    const gateway = gateways[this.#connections % gateways.length] as ServiceProcess;
    const options = { ...clientOptions, 'grpc.use_local_subchannel_pool': 1 };
    const client = new Client(gateway.grpc, credentials.createInsecure(), options);
    const call = startDuplex(client, InboxService.session, bearerMetadata(this.person.token));
    this.#call = call;
    call.on('data', (event: InboxEvent) => this.#take(event));
    call.on('error', () => {});
    this.#over = new Promise((resolve) =>
      call.on('status', (status: StatusObject) => {
        client.close();
        resolve();
        this.#ended(gateway, status);
      }),
    );
    const seen = this.isExact ? [...this.#seen].map(([channelId, place]) => ({ channelId, ...place })) : [];
    call.write(InboxCommand.fromPartial({ watch: { after: this.#position, seen } }));
  }

  /**
   * Connects again if the gateway was killed, or if it is too busy for another start. Every other
   * end is a fault.
   */
  #ended(gateway: ServiceProcess, { code, metadata, details }: StatusObject): void {
    if (!this.#isWanted) return;
    const [reason] = metadata.get('chat-reason');
    const wasKilled = !this.#doors.gateways.includes(gateway);
    const isStart = !this.#hasBegun && overload.has(String(reason));
    if (wasKilled || isStart) this.#connect();
    else this.faults.push(`the stream ended: ${code} ${reason} ${details}`);
  }

  #take(event: InboxEvent): void {
    const { id, message, added, changed, removed, gap, chatReset, reset } = event;
    this.#hasBegun = true;
    if (id !== '') this.#position = id;
    if (id !== '') this.#positions += 1;
    if (reset === true) this.faults.push('all events were lost');
    if (message !== undefined && message.seq > 0) this.#entry(message);
    else if (gap !== undefined) this.#gap(gap);
    else if (chatReset !== undefined) this.#reset(chatReset);
    else if (added !== undefined) this.#added(added);
    else if (changed !== undefined) this.#changed(changed);
    else if (removed !== undefined) {
      this.#note(removed.id, { type: 'removed' });
      this.isIn.set(removed.id, false);
    }
  }

  #note(channelId: number, fields: HappeningFields): void {
    const known = this.happenings.get(channelId) ?? [];
    this.happenings.set(channelId, known);
    known.push({ ...fields, on: this.#connections } as Happening);
  }

  #entry(entry: Message): void {
    this.#note(entry.channelId, { type: 'entry', entry });
    this.#see(entry.channelId, entry.seq);
  }

  #gap({ channelId, log, from, to }: { channelId: number; log: string; from: number; to: number }): void {
    this.#note(channelId, { type: 'gap', log, from, to });
    this.#see(channelId, to);
  }

  #see(channelId: number, seq: number): void {
    const place = this.#seen.get(channelId);
    if (place !== undefined) place.seq = Math.max(place.seq, seq);
  }

  #reset({ channelId, log }: { channelId: number; log: string }): void {
    this.#note(channelId, { type: 'chatReset' });
    this.#logs.set(channelId, log);
    this.#seen.set(channelId, { log, seq: 0 });
  }

  /** Without `seen`, the settings of the chat may be the only sign that it has another log. */
  #changed({ id, log }: { id: number; log: string }): void {
    const known = this.#logs.get(id) ?? this.starts.get(id)?.log;
    if (log !== '') this.#logs.set(id, log);
    if (!this.isExact && log !== '' && known !== undefined && known !== log) this.#note(id, { type: 'chatReset' });
  }

  /** A user who joins again may find another log. */
  #added({ id, log }: { id: number; log: string }): void {
    const known = this.#seen.get(id)?.log ?? this.#logOfEntries(id);
    this.#note(id, { type: 'added' });
    this.isIn.set(id, true);
    if (known !== undefined && log !== '' && known !== log) this.#reset({ channelId: id, log });
    else this.#changed({ id, log });
    if (log !== '' && !this.#seen.has(id)) this.#seen.set(id, { log, seq: 0 });
  }

  /**
   * Returns the log of the entries that the device has received of a chat without a place in it:
   * those of an earlier stay, up to the removal. Returns undefined if there are none.
   */
  #logOfEntries(id: number): string | undefined {
    const hasEntries = this.happenings.get(id)?.some(({ type }) => type === 'entry') === true;
    return hasEntries ? (this.#logs.get(id) ?? this.starts.get(id)?.log) : undefined;
  }
}
