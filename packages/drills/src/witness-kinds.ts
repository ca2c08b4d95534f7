import { randomUUID } from 'node:crypto';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import type { ReadableStream } from 'node:stream/web';
import {
  type Conversation,
  createClient,
  type InboxPlace,
  type LogPosition,
  type ParleyClient,
  textOf,
  type UserInbox,
} from '@parley/client';
import { grpcTransport } from '@parley/client/node';
import { socketTransport } from '@parley/client/socket';
import { WebSocket } from 'ws';
import { type Addresses, Seen, type Witness, type WitnessKind, type WitnessOptions } from './witness.js';

/** Returns the transport for calls to a system. */
export function callsTo({ userService, managers }: Addresses) {
  return grpcTransport({ userService, channelService: managers.join(',') });
}

/** A client with a native stream in each chat. */
class StreamWitness implements Witness {
  readonly seen = new Seen();
  readonly #client: ParleyClient;
  readonly #conversations = new Map<number, Conversation>();

  private constructor({ at, token }: WitnessOptions) {
    this.#client = createClient({ transport: callsTo(at), token });
  }

  static async open(options: WitnessOptions): Promise<Witness> {
    const witness = new StreamWitness(options);
    const places = new Map(options.after === undefined ? [] : (JSON.parse(options.after) as [number, LogPosition][]));
    for (const id of options.channelIds) await witness.#listen(id, places.get(id));
    return witness;
  }

  async #listen(id: number, after: LogPosition | undefined): Promise<void> {
    const conversation = await this.#client.listen(id, after === undefined ? {} : { after });
    this.#conversations.set(id, conversation);
    void this.#read(id, conversation).catch(() => {}); // The client was closed while it filled a gap.
  }

  async #read(id: number, conversation: Conversation): Promise<void> {
    for await (const event of conversation) {
      if (event.type === 'reset') this.seen.reset(id);
      if (event.type === 'message' || event.type === 'edit') this.seen.entry(id, textOf(event) ?? '');
    }
  }

  place(): string {
    return JSON.stringify([...this.#conversations].map(([id, { place }]) => [id, place]));
  }

  #in(channelId: number): Conversation {
    const conversation = this.#conversations.get(channelId);
    if (conversation === undefined) throw new Error(`The client has no stream in the chat ${channelId}.`);
    return conversation;
  }

  async post(channelId: number, text: string): Promise<number> {
    return (await this.#in(channelId).send(text)).seq;
  }

  edit(channelId: number, seq: number, text: string): Promise<unknown> {
    return this.#in(channelId).edit(seq, text);
  }

  close(): Promise<void> {
    return this.#client.close();
  }
}

/** A client with an inbox over a WebSocket. */
class InboxWitness implements Witness {
  readonly seen = new Seen();
  readonly #client: ParleyClient;
  readonly #inbox: UserInbox;

  private constructor({ at, token, after }: WitnessOptions) {
    const transport = socketTransport(callsTo(at), { origin: `http://${at.gateway}`, WebSocket });
    this.#client = createClient({ transport, token });
    this.#inbox = this.#client.inbox(after === undefined ? {} : { after: JSON.parse(after) as InboxPlace });
    void this.#read().catch(() => {}); // The client was closed while it filled a gap.
  }

  static async open(options: WitnessOptions): Promise<Witness> {
    return new InboxWitness(options);
  }

  async #read(): Promise<void> {
    for await (const event of this.#inbox) {
      if (event.type === 'reset') this.seen.reset();
      if (event.type === 'chat-reset') this.seen.reset(event.channelId);
      if (event.type === 'message' || event.type === 'edit') this.seen.entry(event.channelId, textOf(event) ?? '');
    }
  }

  place(): string {
    const { place } = this.#inbox;
    return place.after === '' ? '' : JSON.stringify(place);
  }

  async post(channelId: number, text: string): Promise<number> {
    return (await this.#inbox.post(channelId, text)).seq;
  }

  edit(channelId: number, seq: number, text: string): Promise<unknown> {
    return this.#inbox.edit(channelId, seq, text);
  }

  close(): Promise<void> {
    return this.#client.close();
  }
}

/** A client that reads server-sent events, and posts over REST. */
class EventsWitness implements Witness {
  readonly seen = new Seen();
  readonly #origin: string;
  readonly #token: string;
  readonly #over = new AbortController();
  #lastId: string;

  private constructor({ at, token, after = '' }: WitnessOptions) {
    this.#origin = `http://${at.gateway}`;
    this.#token = token;
    this.#lastId = after;
  }

  static async open(options: WitnessOptions): Promise<Witness> {
    const witness = new EventsWitness(options);
    const after = options.after === undefined ? {} : { 'last-event-id': options.after };
    const response = await witness.#fetch('/events', { headers: after, signal: witness.#over.signal });
    void witness.#read(response).catch(() => {}); // The stream has ended.
    return witness;
  }

  async #fetch(path: string, { headers = {}, ...init }: RequestInit): Promise<Response> {
    const authorized = { ...headers, authorization: `Bearer ${this.#token}` };
    const response = await fetch(this.#origin + path, { ...init, headers: authorized });
    if (!response.ok) throw new Error(`${path} was refused with ${response.status}: ${await response.text()}`);
    return response;
  }

  async #read({ body }: Response): Promise<void> {
    let event: { name?: string; data?: string } = {};
    for await (const line of createInterface({ input: Readable.fromWeb(body as ReadableStream) })) {
      const [, field = '', value = ''] = /^(\w*): ?(.*)$/.exec(line) ?? [];
      if (field === 'id') this.#lastId = value;
      if (field === 'event') event.name = value;
      if (field === 'data') event.data = value;
      if (line !== '') continue;
      this.#take(event);
      event = {};
    }
  }

  #take({ name = '', data = '{}' }: { name?: string; data?: string }): void {
    if (name === 'reset') this.seen.reset();
    if (name !== 'NewMessage' && name !== 'MessageUpdated') return;
    const { chatId, content = '' } = JSON.parse(data) as { chatId: number; content?: string };
    this.seen.entry(chatId, content);
  }

  place(): string {
    return this.#lastId;
  }

  async post(channelId: number, text: string): Promise<number> {
    const { seq } = (await this.#send('POST', `${channelId}/messages`, text)) as { seq: number };
    return seq;
  }

  edit(channelId: number, seq: number, text: string): Promise<unknown> {
    return this.#send('PATCH', `${channelId}/messages/${seq}`, text);
  }

  async #send(method: string, path: string, text: string): Promise<unknown> {
    const headers = { 'content-type': 'application/json', 'idempotency-key': `"${randomUUID()}"` };
    const request = { method, headers, body: JSON.stringify({ text }) };
    const fetchIt = () => this.#fetch(`/api/v1/channels/${path}`, request);
    // A connection may end while it waits for its next request. The key makes it safe to try again.
    const response = await fetchIt().catch((thrown) => {
      if (thrown instanceof TypeError) return fetchIt();
      throw thrown;
    });
    return response.json();
  }

  async close(): Promise<void> {
    this.#over.abort();
  }
}

/** The kinds of clients that a restore must not deceive. */
export const witnessKinds: readonly WitnessKind[] = [
  { name: 'native stream', open: StreamWitness.open },
  { name: 'inbox over WebSocket', open: InboxWitness.open },
  { name: 'server-sent events', open: EventsWitness.open },
];
