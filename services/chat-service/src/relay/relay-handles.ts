import type { Ack, Attach, Message } from '@parley/contract';
import type { MessageRate } from '@parley/fanout';
import { isReason, limits, type Reason, type Refusal, refuse } from '@parley/runtime';
import { asRefusal, type Callers, Tally } from '@parley/service-kit';
import type { Entrance } from '../session/entrance.js';
import { decodeMessage, refusalAck } from '../session/frames.js';
import type { CloseInfo } from '../session/participants.js';
import { isPassing, type PublishResponder } from '../session/publisher.js';
import type { ChatSession } from '../session/session.js';
import type { RelayAuthor } from './author.js';
import type { RelayAuthors } from './authors.js';
import { Handle, type HandleOptions, type HandleOwner } from './handle.js';
import { encodeDown, type ForwardedPost, goodbyeFor } from './relay-frames.js';
import type { RelayOutbox } from './relay-outbox.js';
import { RoomStream } from './room-stream.js';
import type { TracedPosts } from './traced-posts.js';

/** Dependencies that the handles of all relays share. */
export interface HandleContext {
  readonly authors: RelayAuthors;
  readonly callers: Pick<Callers, 'senderOf'>;
  readonly entrance: Entrance;
  /** Limit for frames of any kind from one user. */
  readonly arrivalRate: MessageRate;
  readonly tracedPosts: TracedPosts;
  /** Runs a read of the database as soon as few enough others run. */
  readonly lookUp: <T>(read: () => Promise<T>) => Promise<T>;
  /** Returns a number that no handle of this process has had. */
  readonly nextNumber: () => number;
}

export interface RelayHandlesOptions {
  readonly outbox: RelayOutbox;
  /** Takes a handle over from a broken relay of the same name. */
  readonly takeBack: (handle: number) => Handle | undefined;
  /** Called when no handle of a room is left. */
  readonly onRoomLeft: (channelId: number) => void;
}

/** A new handle. If it is for a room, it has a welcome. */
interface OpenedHandle {
  readonly handle: Handle;
  readonly welcome?: () => Frame['welcome'];
}

/** A message of a user, and its encoded bytes. */
interface Posted {
  readonly message: Message;
  readonly bytes: Buffer;
}

type Frame = Parameters<typeof encodeDown>[0];

/** Returns whether a frame gets no response: an indicator, a receipt, a ping or a lossy message. */
function isUnanswered(message: Message): boolean {
  const { receipt, ping, pong } = message;
  return isPassing(message) || receipt !== undefined || ping !== undefined || pong !== undefined;
}

/** The handles of one relay, and the calls that use them. */
export class RelayHandles implements HandleOwner {
  readonly #context: HandleContext;
  readonly #options: RelayHandlesOptions;
  readonly #handles = new Map<number, Handle>();
  readonly #rooms = new Tally<number>();
  readonly #users = new Tally<string>();
  #pending = 0;
  #hasEnded = false;

  constructor(context: HandleContext, options: RelayHandlesOptions) {
    this.#context = context;
    this.#options = options;
  }

  get size(): number {
    return this.#handles.size;
  }

  all(): Handle[] {
    return [...this.#handles.values()];
  }

  isInRoom(channelId: number): boolean {
    return this.#rooms.has(channelId);
  }

  hasUser(userId: string): boolean {
    return this.#users.has(userId);
  }

  #send(down: Frame): void {
    this.#options.outbox.send(encodeDown(down));
  }

  /** Opens a handle, or takes over one of a broken relay. */
  attach(id: number, channelId: number, request: Attach): void {
    const { token, handle: number } = request;
    const known = number === 0 ? undefined : this.#options.takeBack(number);
    const gone = number === 0 ? 'invalid-token' : (known?.seatEndedBy ?? 'handle-gone');
    if (known?.hasEnded === false) this.#adopt(id, channelId, { handle: known });
    else if (token === '') this.#refuse(id, channelId, refuse(gone));
    else if (this.size + this.#pending >= limits.relayHandles) this.#refuse(id, channelId, refuse('too-busy'));
    else this.#open(id, channelId, request);
  }

  #open(id: number, channelId: number, request: Attach): void {
    this.#pending += 1;
    const inRoom = () => this.#context.lookUp(() => this.#openRoom(channelId, request));
    (channelId === 0 ? this.#openUser(request) : inRoom())
      .then(
        (opened) => this.#adopt(id, channelId, opened),
        (thrown: unknown) => this.#refuse(id, channelId, asRefusal(thrown)),
      )
      .finally(() => {
        this.#pending -= 1;
      });
  }

  #handleOf(options: Omit<HandleOptions, 'number' | 'rate'>): Handle {
    const { nextNumber, arrivalRate } = this.#context;
    return new Handle({ ...options, number: nextNumber(), rate: arrivalRate });
  }

  async #openUser({ token }: Attach): Promise<OpenedHandle> {
    const { id, number, name, sessionId, onlyChannelId } = await this.#context.callers.senderOf(token);
    return { handle: this.#handleOf({ person: { id, number, name }, sessionId, onlyChannelId }) };
  }

  /** Takes the seat of a join token, as Connect does. */
  async #openRoom(channelId: number, { token, log, afterSeq }: Attach): Promise<OpenedHandle> {
    const stream = new RoomStream();
    const facts: Record<string, unknown> = {};
    const options = { events: false, resume: log === '' ? undefined : { log, seq: afterSeq }, isRelayed: true };
    const entered = await this.#context.entrance.enter({ token, options, stream, facts, onSeat: () => {} });
    if (entered === undefined) throw refuse('seat-gone');
    const { session, welcome } = entered;
    if (session.key.channelId !== channelId || session.channel.facts.kind !== 'room') {
      stream.end();
      throw refuse('wrong-kind');
    }
    const { person, key } = session;
    return { handle: this.#handleOf({ person, sessionId: key.sessionId, room: { session, stream } }), welcome };
  }

  #adopt(id: number, channelId: number, opened: OpenedHandle): void {
    const { handle } = opened;
    if (this.#hasEnded) handle.end();
    if (handle.hasEnded) this.#refuse(id, channelId, refuse(handle.seatEndedBy ?? 'handle-gone'));
    else this.#hold(id, channelId, opened);
  }

  #hold(id: number, channelId: number, { handle, welcome }: OpenedHandle): void {
    handle.owner = this;
    this.#handles.set(handle.number, handle);
    this.#users.add(handle.person.id);
    if (handle.roomId !== 0) this.#rooms.add(handle.roomId);
    this.#send({ id, channelId, handle: handle.number, welcome: welcome?.() });
  }

  #refuse(id: number, channelId: number, { reason, message, retryAfterMs }: Refusal): void {
    this.#send({ id, channelId, refusal: { reason, message, retryAfterMs } });
  }

  detach(number: number): void {
    this.#handles.get(number)?.end();
  }

  forget(handle: Handle): void {
    if (!this.#handles.delete(handle.number)) return;
    this.#users.remove(handle.person.id);
    if (handle.roomId !== 0 && this.#rooms.remove(handle.roomId)) this.#options.onRoomLeft(handle.roomId);
  }

  tellClosed(handle: number, channelId: number, why: Reason, closeInfo?: CloseInfo): void {
    this.#send({ channelId, closed: { handle, goodbye: goodbyeFor(why, closeInfo) } });
  }

  /** Makes a user present in a chat. In a room, the seat already makes the user present. */
  enter(channelId: number, number: number): void {
    const handle = this.#handles.get(number);
    const refused = (why: Reason) => this.tellClosed(number, channelId, why);
    const misused = misuseOf(handle, channelId);
    if (handle === undefined || misused !== undefined) refused(misused ?? 'handle-gone');
    else if (handle.room === undefined) this.#enter(channelId, handle, refused);
  }

  #enter(channelId: number, handle: Handle, refused: (why: Reason) => void): void {
    this.#context.authors.with(channelId, handle, {
      use: (author) => {
        const why = handle.hasEnded ? undefined : author.arrive(handle);
        if (why !== undefined) refused(why);
      },
      refused: ({ reason }) => refused(reason),
    });
  }

  leave(channelId: number, number: number): void {
    const handle = this.#handles.get(number);
    if (handle !== undefined) this.#context.authors.withLoaded(channelId, handle, (author) => author.depart(handle));
  }

  /** Publishes a message on behalf of a user, and sends its ack. */
  post({ id, channelId, handle: number, message: bytes, origin }: ForwardedPost): void {
    const answer = (ack: Partial<Ack>) => this.#send({ id, channelId, ack });
    try {
      const message = decodeMessage(bytes);
      const respond = isUnanswered(message) ? () => {} : this.#traced(channelId, message, origin, answer);
      const responder: PublishResponder = {
        accepted: (clientId, seq, timestamp) => respond({ clientId, seq, timestamp }),
        refused: (clientId, refusal) => respond(refusalAck(clientId, refusal)),
      };
      this.#publish(channelId, this.#handles.get(number), { message, bytes }, responder);
    } catch (thrown) {
      answer(refusalAck('', asRefusal(thrown)));
    }
  }

  /** Returns a function that does the same as `answer` and ends the span of the post, if it has one. */
  #traced(
    channelId: number,
    { clientId }: Message,
    origin: ForwardedPost['origin'],
    answer: (ack: Partial<Ack>) => void,
  ): (ack: Partial<Ack>) => void {
    if (origin.traceparent === '') return answer;
    const ended = this.#context.tracedPosts.begin({ channelId, clientId }, origin);
    return (ack) => {
      ended(ack.refusal?.reason ?? 'ok');
      answer(ack);
    };
  }

  #publish(
    channelId: number,
    handle: Handle | undefined,
    { message, bytes }: Posted,
    responder: PublishResponder,
  ): void {
    const misused = misuseOf(handle, channelId);
    const refused = (refusal: Refusal) => responder.refused(message.clientId, refusal);
    if (handle === undefined || misused !== undefined) refused(refuse(misused ?? 'handle-gone'));
    else if (handle.room !== undefined) void postInRoom(handle.room.session, bytes, message, responder);
    else this.#publishInChat(channelId, handle, { message, bytes }, responder);
  }

  #publishInChat(channelId: number, handle: Handle, { message, bytes }: Posted, responder: PublishResponder): void {
    const refused = (refusal: Refusal) => responder.refused(message.clientId, refusal);
    const use = (author: RelayAuthor) => {
      if (handle.hasEnded) refused(refuse('handle-gone'));
      else author.post(message, responder);
    };
    const retryAfterMs = handle.arrivals.take(bytes.length, performance.now());
    if (retryAfterMs > 0) refused(refuse('send-too-fast', { retryAfterMs }));
    else this.#context.authors.with(channelId, handle, { use, refused });
  }

  /**
   * Gives up all handles and returns them. The caller keeps them for another relay of the same
   * name.
   */
  end(): Handle[] {
    this.#hasEnded = true;
    const handles = this.all();
    for (const handle of handles) handle.owner = undefined;
    this.#handles.clear();
    return handles;
  }
}

/**
 * Returns the reason for which a handle cannot be used in a channel, apart from the rights of its
 * user.
 */
function misuseOf(handle: Handle | undefined, channelId: number): Reason | undefined {
  if (handle === undefined) return 'handle-gone';
  const { roomId, onlyChannelId } = handle;
  if (channelId < 1 || channelId > limits.channelId) return 'invalid-channel-id';
  if (roomId !== 0 && roomId !== channelId) return 'wrong-kind';
  return onlyChannelId !== undefined && onlyChannelId !== channelId ? 'bot-channel' : undefined;
}

/** Posts in a room. The session of the seat handles the message as it handles a Send. */
async function postInRoom(session: ChatSession, bytes: Buffer, message: Message, responder: PublishResponder) {
  try {
    const { clientId = '', seq = 0, timestamp = 0, refusal } = await session.post(bytes);
    if (refusal === undefined) responder.accepted(clientId, seq, timestamp);
    else if (isReason(refusal.reason)) responder.refused(clientId, refuse(refusal.reason, refusal));
  } catch (thrown) {
    responder.refused(message.clientId, asRefusal(thrown));
  }
}
