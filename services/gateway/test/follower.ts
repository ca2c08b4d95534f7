import { setTimeout as pause } from 'node:timers/promises';
import { type InboxEvent, InboxEvent as InboxEventType, WatchRequest } from '@parley/contract';
import { type ServiceProcess, type TestPerson, until, WebStream } from '@parley/testkit';
import { InboxClient } from './inbox-client.js';
import { SocketProbe } from './socket-probe.js';

/** Transport of a device: Session over gRPC, Watch of a page, or a WebSocket. */
export type DeviceTransport = 'grpc' | 'page' | 'text page' | 'socket';

/** Delay after a refusal, in milliseconds. */
const againMs = 500;

interface OpenStream {
  readonly events: readonly InboxEvent[];
  /** Reason of the end; undefined if there was none. */
  readonly ended: Promise<string | undefined>;
  readonly cut: () => void;
}

/**
 * A device that follows one chat and resumes at the next gateway whenever its stream ends, as the
 * SDK does: with its last position and the entries that it has seen since.
 */
export class Follower {
  /** Reasons of the ends of its streams. */
  readonly ends: (string | undefined)[] = [];
  /** Seqs of entries in order of arrival, over all streams. */
  readonly seqs: number[] = [];
  readonly #person: TestPerson;
  readonly #transport: DeviceTransport;
  readonly #chat: { readonly channelId: number; readonly log: string };
  #stream: OpenStream | undefined;
  #position = '';
  #stopped = false;

  constructor(person: TestPerson, transport: DeviceTransport, chat: { channelId: number; log: string }) {
    this.#person = person;
    this.#transport = transport;
    this.#chat = chat;
  }

  /** Opens a stream at the first gateway, and later at the next ones. Resolves once it has a position. */
  async start(gateways: readonly ServiceProcess[]): Promise<void> {
    void this.#follow(gateways);
    await until(() => this.#stream?.events.some(({ id }) => id !== '') === true);
  }

  /** True once the device has received an entry. */
  get isFed(): boolean {
    return this.#read().length > 0;
  }

  /** Waits until the device has received the entry. */
  async has(seq: number): Promise<void> {
    await until(() => this.#read().includes(seq)).catch((cause: Error) => {
      const facts = {
        transport: this.#transport,
        ends: this.ends,
        seqs: this.seqs,
        events: this.#stream?.events.slice(-3),
      };
      throw new Error(`Entry ${seq} did not arrive: ${JSON.stringify(facts)}`, { cause });
    });
  }

  stop(): void {
    this.#stopped = true;
    this.#stream?.cut();
  }

  async #follow(gateways: readonly ServiceProcess[]): Promise<void> {
    for (let at = 0; !this.#stopped; at++) {
      this.#stream = this.#open(gateways[at % gateways.length] as ServiceProcess);
      this.ends.push(await this.#stream.ended);
      this.#read();
      const position = this.#stream.events.findLast(({ id }) => id !== '')?.id;
      if (position === undefined) await pause(againMs); // refused
      this.#position = position ?? this.#position;
    }
  }

  /** Returns the seqs of all streams. */
  #read(): readonly number[] {
    const { channelId } = this.#chat;
    for (const { message } of this.#unread())
      if (message?.channelId === channelId && message.seq > 0) this.seqs.push(message.seq);
    return this.seqs;
  }

  readonly #taken = new WeakSet<InboxEvent>();

  #unread(): readonly InboxEvent[] {
    const fresh = (this.#stream?.events ?? []).filter((event) => !this.#taken.has(event));
    for (const event of fresh) this.#taken.add(event);
    return fresh;
  }

  #open({ grpc, http }: ServiceProcess): OpenStream {
    const seq = this.seqs.at(-1);
    const watch = { after: this.#position, seen: seq === undefined ? [] : [{ ...this.#chat, seq }] };
    if (this.#transport === 'grpc') {
      const inbox = new InboxClient(grpc, this.#person, watch);
      return { events: inbox.events, ended: inbox.ended.then(({ reason }) => reason), cut: () => void inbox.cut() };
    }
    if (this.#transport === 'socket') return this.#openSocket(http, watch);
    const body = WatchRequest.encode(WatchRequest.fromPartial(watch)).finish();
    const options = { token: this.#person.token, text: this.#transport === 'text page' };
    const url = `${http}/chat.v1.InboxService/Watch`;
    const page = new WebStream<InboxEvent>(url, body, options, (bytes) => InboxEventType.decode(bytes));
    const ended = page.ended.then(
      (trailers) => trailers['chat-reason'],
      () => undefined,
    );
    return { events: page.frames, ended, cut: () => page.cancel() };
  }

  #openSocket(http: string, watch: Parameters<typeof WatchRequest.fromPartial>[0]): OpenStream {
    const probe = SocketProbe.with(http, this.#person);
    probe.ws.once('open', () => probe.command({ watch }));
    const ended = probe.ended.then(({ goodbye }) => goodbye);
    return { events: probe.events, ended, cut: () => probe.ws.terminate() };
  }
}
