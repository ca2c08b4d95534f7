import { until } from '@parley/testkit';
import { RoomClient } from './room-client.js';

/** Fields of payloads that tests read. Each is in some frames only; matchers check the others. */
export interface RealtimePayload {
  readonly room_id: number;
  readonly message_id: number;
  readonly user_id: string;
  readonly content: string;
  readonly messages: readonly RealtimePayload[];
  readonly members: readonly RealtimePayload[];
  readonly rooms: readonly RealtimePayload[];
  readonly invites: readonly RealtimePayload[];
  readonly notifications: readonly RealtimePayload[];
  readonly statuses: readonly RealtimePayload[];
  readonly online: readonly string[];
  readonly more: boolean;
  readonly next: number;
  readonly notification_id: number;
  readonly link_id: string;
  readonly role: string;
  readonly reason: string;
  readonly message: string;
  readonly retry_after_ms: number;
}

/** A frame of the server. */
export interface RealtimeEvent {
  readonly type: string;
  readonly ref?: number | string;
  readonly payload: RealtimePayload;
}

/** A client of document 004, which records every frame. */
export class RealtimeClient {
  readonly room: RoomClient;
  readonly #events: RealtimeEvent[] = [];
  #refs = 0;

  private constructor(room: RoomClient) {
    this.room = room;
  }

  /** Opens a socket without a token. */
  static async connect(http: string): Promise<RealtimeClient> {
    return new RealtimeClient(await RoomClient.open(`${http}/realtime`));
  }

  /** Opens a socket and logs in. */
  static async open(http: string, { token }: { readonly token: string }): Promise<RealtimeClient> {
    const client = await RealtimeClient.connect(http);
    client.send('auth', { auth_token: token });
    await client.find(({ type }) => type === 'welcome');
    return client;
  }

  get events(): readonly RealtimeEvent[] {
    for (const frame of this.room.frames.slice(this.#events.length)) this.#events.push(JSON.parse(frame));
    return this.#events;
  }

  /** Payloads of the frames of a type. */
  all(type: string): RealtimePayload[] {
    return this.events.flatMap((event) => (event.type === type ? [event.payload] : []));
  }

  /** Texts of the messages in a room, in order of arrival, live and missed. */
  texts(roomId: number): string[] {
    return this.events.flatMap(({ type, payload }) => {
      if (payload.room_id !== roomId) return [];
      if (type === 'chat_message') return [payload.content];
      return type === 'missed_messages' ? payload.messages.map(({ content }) => content) : [];
    });
  }

  send(type: string, payload: object = {}, ref?: number | string): void {
    this.room.send({ type, ...(ref !== undefined && { ref }), payload });
  }

  /** Sends a request, and returns its answer. */
  async ask(type: string, payload: object = {}): Promise<RealtimeEvent> {
    this.#refs += 1;
    const ref = this.#refs;
    this.send(type, payload, ref);
    return this.find((event) => event.ref === ref);
  }

  /**
   * Sends a request that must succeed, and returns the payload of its answer. Backs off and repeats
   * the request while the server is busy, as the document wants.
   */
  async ok(type: string, payload: object = {}): Promise<RealtimePayload> {
    const { type: answered, payload: answer } = await this.ask(type, payload);
    if (answered !== 'error') return answer;
    if (answer.retry_after_ms === 0) throw new Error(`${type}: ${JSON.stringify(answer)}`);
    await new Promise((resolve) => setTimeout(resolve, answer.retry_after_ms));
    return this.ok(type, payload);
  }

  /** Sends a message until the server has stored it, and returns its id. */
  async say(roomId: number, content: string): Promise<number> {
    const message = { room_id: roomId, content, client_id: crypto.randomUUID() };
    return (await this.ok('chat_message', message)).message_id;
  }

  /** Returns the first frame that matches, received already or later. */
  async find(matches: (event: RealtimeEvent) => boolean): Promise<RealtimeEvent> {
    await until(() => {
      if (this.events.some(matches)) return true;
      if (this.room.ws.readyState === this.room.ws.CLOSED) throw new Error(this.room.frames.slice(-5).join('\n'));
      return false;
    });
    return this.events.find(matches) as RealtimeEvent;
  }

  close(): Promise<void> {
    return this.room.close();
  }
}
