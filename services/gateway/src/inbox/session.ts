import type { Ack, EnterRoom, InboxCommand, Message } from '@parley/contract';
import { limits, type Refusal, refuse } from '@parley/runtime';
import { asRefusal, Bucket, type BurstRate, type Callers, type UserCaller } from '@parley/service-kit';
import type { PostRoute } from '../posting/post-route.js';
import { encodeInboxEvent } from './event-frames.js';
import type { Inbox } from './inbox.js';
import type { InboxReader } from './reader.js';
import type { InboxStream } from './stream.js';

/** A device with a session, whatever its transport. */
export interface InboxDevice {
  readonly me: UserCaller;
  /** Bearer token of the device. */
  readonly token: string;
  readonly address: string;
  readonly stream: InboxStream;
}

/** Acts on behalf of the user of one device. */
export interface DeviceActor {
  /**
   * Sends a frame, over the route `room` if it is for a room. Resolves with the ack of the frame.
   */
  post(message: Message, room?: PostRoute): Promise<Partial<Ack>>;
  /**
   * Shows the user as present in the chats of the reader. Returns a function that ends the
   * presence.
   */
  appear(reader: InboxReader): () => void;
}

/** The room that one device is in. */
export interface DeviceRoom {
  enter(request: EnterRoom): void;
  leave(channelId: number): void;
  /** Returns the route for posts to a room, if the device is in that room. */
  routeTo(channelId: number): PostRoute | undefined;
  /** Leaves the room without a goodbye. */
  close(): void;
}

export interface InboxSessionDeps {
  readonly inbox: Inbox;
  readonly callers: Pick<Callers, 'userOf'>;
  readonly actorOf: (me: UserCaller, token: string) => DeviceActor;
  readonly roomOf: (reader: InboxReader) => DeviceRoom;
}

/** Rate of all commands of one session except posts. */
const commandRate: BurstRate = { burst: 100, perSecond: 20 };
/**
 * Rate of the posts of one session, beyond which the client is cut off. Posting refuses posts
 * already after half of this burst.
 */
const postRate: BurstRate = { burst: 2 * limits.streamFramesPerSecond, perSecond: limits.streamFramesPerSecond };

/**
 * The session of one device. It accepts the commands of the device; events go to the stream of the
 * device.
 */
export class InboxSession {
  readonly #deps: InboxSessionDeps;
  readonly #device: InboxDevice;
  readonly #posts = new Bucket(postRate);
  readonly #commands = new Bucket(commandRate);
  #actor: DeviceActor;
  #reader: InboxReader | undefined;
  #room: DeviceRoom | undefined;
  #disappear: () => void = () => {};

  constructor(deps: InboxSessionDeps, device: InboxDevice) {
    this.#deps = deps;
    this.#device = device;
    this.#actor = deps.actorOf(device.me, device.token);
  }

  /** Handles a command. The first command must be `watch`. A refused command ends the stream. */
  take(command: InboxCommand): void {
    if (this.#device.stream.ended) return;
    try {
      const bucket = command.post === undefined ? this.#commands : this.#posts;
      if (bucket.take() > 0) throw refuse('send-too-fast');
      if (this.#reader === undefined) this.#reader = this.#open(command);
      else this.#handle(command, this.#reader);
    } catch (thrown) {
      this.close(asRefusal(thrown));
    }
  }

  /** Ends the stream of the device, with the status of a refusal if there is one. */
  close(refusal?: Refusal): void {
    this.#device.stream.end(refusal);
  }

  #open({ watch }: InboxCommand): InboxReader {
    const { me, address, stream } = this.#device;
    if (watch === undefined) throw refuse('malformed', { message: 'The first command must be watch.' });
    const reader = this.#deps.inbox.open({ me, address, stream, watch, mostBytes: Number.POSITIVE_INFINITY });
    this.#disappear = this.#actor.appear(reader);
    const room = this.#deps.roomOf(reader);
    this.#room = room;
    stream.onClose(() => {
      this.#disappear();
      room.close();
    });
    return reader;
  }

  #handle({ watch, post, token, enter, leave }: InboxCommand, reader: InboxReader): void {
    if (post !== undefined) void this.#post(post, reader);
    if (token !== undefined) this.#renew(token, reader).catch((thrown: unknown) => this.close(asRefusal(thrown)));
    if (enter !== undefined) this.#room?.enter(enter);
    if (leave !== undefined) this.#room?.leave(leave);
    if (watch !== undefined)
      throw refuse('malformed', { message: 'This session has already begun. Open another one to watch again.' });
  }

  async #post(message: Message, reader: InboxReader): Promise<void> {
    const ack = await this.#actor.post(message, this.#room?.routeTo(message.channelId));
    reader.send(encodeInboxEvent({ ack }));
  }

  /** Continues with another login of the same user, before the current login expires. */
  async #renew(token: string, reader: InboxReader): Promise<void> {
    const me = await this.#deps.callers.userOf(token);
    const { stream } = this.#device;
    if (me.id !== reader.userId)
      throw refuse('invalid-token', {
        message: 'That token belongs to another user. Open another session for that user.',
      });
    if (stream.ended) return;
    reader.me = me;
    this.#actor = this.#deps.actorOf(me, token);
    this.#disappear();
    this.#disappear = this.#actor.appear(reader);
  }
}
