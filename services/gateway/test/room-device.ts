import { randomUUID } from 'node:crypto';
import type { Ack, Goodbye, InboxCommand, InboxEvent, Message, RoomRefused, Welcome } from '@parley/contract';
import type { TestPerson, Trio } from '@parley/testkit';

/** Reasons for which a stream in a room ends when a process or the database stands still. */
export const stalled: readonly string[] = ['moved', 'unreachable', 'database-away', 'too-busy'];

/** An open session, over gRPC or a WebSocket. */
export interface Session {
  readonly events: readonly InboxEvent[];
  command(command: Parameters<typeof InboxCommand.fromPartial>[0]): void;
  find(matches: (event: InboxEvent) => boolean): Promise<InboxEvent>;
}

/** A session of a person who enters rooms. */
export class RoomDevice {
  readonly session: Session;
  readonly #trio: Trio;
  readonly #person: TestPerson;

  constructor(session: Session, trio: Trio, person: TestPerson) {
    this.session = session;
    this.#trio = trio;
    this.#person = person;
  }

  /**
   * Listens, enters, and returns the welcome. Listens again as clients must, if a process stood still
   * for too long. Fails if the room refuses for another reason.
   */
  async enter(channelId: number, after: { readonly log?: string; readonly afterSeq?: number } = {}): Promise<Welcome> {
    const { token } = await this.#trio.listenInTurn(this.#person, channelId);
    const answer = await this.#answerTo({ channelId, token, ...after });
    if (answer.message?.welcome !== undefined) return answer.message.welcome;
    if (!stalled.includes(answer.roomRefused?.refusal?.reason ?? ''))
      throw new Error(`No welcome but ${JSON.stringify(answer)}`);
    return this.enter(channelId, after);
  }

  /** Enters with any token, and returns the refusal. Fails if the room does not refuse. */
  async refusalOf(channelId: number, token: string): Promise<NonNullable<RoomRefused['refusal']>> {
    const { roomRefused } = await this.#answerTo({ channelId, token });
    if (roomRefused?.refusal === undefined) throw new Error('The room did not refuse.');
    return roomRefused.refusal;
  }

  /** Leaves a room. Returns the reason of the goodbye, or of the refusal. */
  async leave(channelId: number): Promise<string | undefined> {
    const { message, roomRefused } = await this.#next(
      () => this.session.command({ leave: channelId }),
      ({ message, roomRefused }) =>
        (message?.channelId === channelId && message.goodbye !== undefined) || roomRefused?.channelId === channelId,
    );
    return message?.goodbye?.reason ?? roomRefused?.refusal?.reason;
  }

  #answerTo(enter: { readonly channelId: number; readonly token: string }): Promise<InboxEvent> {
    const { channelId } = enter;
    return this.#next(
      () => this.session.command({ enter }),
      ({ message, roomRefused }) =>
        (message?.channelId === channelId && message.welcome !== undefined) || roomRefused?.channelId === channelId,
    );
  }

  /** Acts, and returns the first later event that matches. */
  #next(act: () => void, matches: (event: InboxEvent) => boolean): Promise<InboxEvent> {
    const { session } = this;
    const from = session.events.length;
    act();
    return session.find((event) => session.events.indexOf(event) >= from && matches(event));
  }

  /** Frames of a room, in order of arrival. */
  frames(channelId: number): Message[] {
    return this.session.events.flatMap(({ message }) => (message?.channelId === channelId ? [message] : []));
  }

  /** Texts of the entries of a room. */
  texts(channelId: number): string[] {
    return this.frames(channelId).flatMap(({ seq, data }) => (seq > 0 ? [Buffer.from(data).toString()] : []));
  }

  /** Waits for a frame of the current stay in a room. Fails if the room says goodbye instead. */
  async frame(channelId: number, matches: (message: Message) => boolean): Promise<Message> {
    const earlier = this.frames(channelId);
    const welcomed = earlier.findLastIndex(({ welcome }) => welcome !== undefined);
    const from = earlier.slice(0, Math.max(0, welcomed)).findLastIndex(({ goodbye }) => goodbye !== undefined) + 1;
    const current = () => this.frames(channelId).slice(from);
    await this.session.find(() => current().some((one) => matches(one) || one.goodbye !== undefined));
    const found = current().find(matches);
    if (found === undefined) throw new Error(`The room said goodbye: ${JSON.stringify(current().at(-1)?.goodbye)}`);
    return found;
  }

  /** Waits for a text in a room. */
  text(channelId: number, text: string): Promise<Message> {
    return this.frame(channelId, ({ data }) => Buffer.from(data).toString() === text);
  }

  /** Waits for the goodbye of the current stay in a room. */
  async goodbye(channelId: number): Promise<Goodbye> {
    return (await this.frame(channelId, ({ goodbye }) => goodbye !== undefined)).goodbye as Goodbye;
  }

  /** Posts a text, and returns its ack. */
  async post(channelId: number, text: string, fields: Partial<Message> = {}): Promise<Ack> {
    const clientId = randomUUID();
    this.session.command({ post: { channelId, data: Buffer.from(text), clientId, ...fields } });
    return (await this.session.find(({ ack }) => ack?.clientId === (fields.clientId ?? clientId))).ack as Ack;
  }
}
