import { randomUUID } from 'node:crypto';
import { type Ack, hasSeveralEvents, Message } from '@parley/contract';
import { currentCall, limits, type Metrics, type Refusal, refuse } from '@parley/runtime';
import { Buckets, type BurstRate, type UserCaller } from '@parley/service-kit';
import { ChatRoute, type ChatRouteDeps } from './chat-route.js';
import { PostDelivery, refusedAck } from './post-delivery.js';
import { PostLane } from './post-lane.js';
import type { PostRoute } from './post-route.js';
import type { ReceiptKeeper } from './receipt-keeper.js';
import type { UserSession } from './user-session.js';

export interface PostingDeps extends ChatRouteDeps {
  readonly receipts: Pick<ReceiptKeeper, 'note'>;
  readonly metrics: Metrics;
}

/** Posts of one user that have no ack yet. */
interface UnansweredPosts {
  count: number;
  bytes: number;
}

/** Time after which a sender learns that a message was not sent. */
const deadlineMs = 15_000;
/**
 * Rate limits of one user over all streams and calls: the same as those of one stream at a chat
 * server.
 */
const frameRate: BurstRate = { burst: limits.streamFramesPerSecond, perSecond: limits.streamFramesPerSecond };
const byteRate: BurstRate = { burst: limits.streamBytesPerSecond, perSecond: limits.streamBytesPerSecond };
const none: UnansweredPosts = { count: 0, bytes: 0 };

function misuseOf({ onlyChannelId }: UserCaller, message: Message): Refusal | undefined {
  const { channelId } = message;
  if (hasSeveralEvents(message)) return refuse('invalid-message');
  if (channelId < 1 || channelId > limits.channelId) return refuse('invalid-channel-id');
  return onlyChannelId !== undefined && onlyChannelId !== channelId ? refuse('bot-channel') : undefined;
}

/** Returns whether a message gets no ack from the owning server: typing, or a lossy message. */
function isPassing({ lossy, typing }: Message): boolean {
  return lossy || typing !== undefined;
}

/** Accepts the posts of users, and resolves each with its ack. */
export class Posting {
  readonly #deps: PostingDeps;
  readonly #lanes = new Map<string, PostLane>();
  readonly #frames = new Buckets<string>();
  readonly #bytes = new Buckets<string>();
  readonly #unanswered = new Map<string, UnansweredPosts>();
  #heldBytes = 0;

  constructor(deps: PostingDeps) {
    this.#deps = deps;
    deps.metrics.gauge('parley_posts_unanswered', 'posts of inboxes without an ack', () => this.size);
    deps.metrics.gauge('parley_posts_unanswered_bytes', 'bytes of these posts', () => this.#heldBytes);
  }

  /** Number of posts that have no ack yet. */
  get size(): number {
    let size = 0;
    for (const { count } of this.#unanswered.values()) size += count;
    return size;
  }

  /**
   * Sends one frame of a user to the chat `channelId` of the message. Resolves with the ack of the
   * owning server, or with an ack that contains a refusal. Messages of a user in a channel keep
   * their order. `room` is the route to the seat of the user, if the channel is a room. Rooms have
   * no receipts.
   */
  async post(session: UserSession, message: Message, room?: PostRoute): Promise<Partial<Ack>> {
    const { me } = session;
    const size = Message.encode(message).finish().length;
    const refusal = misuseOf(me, message) ?? this.#limit(me.id, size);
    if (refusal !== undefined) return refusedAck(message.clientId, refusal);
    if (message.receipt !== undefined) {
      const refused = room ? undefined : this.#deps.receipts.note(session, message.channelId, message.receipt);
      return refused === undefined ? { clientId: message.clientId } : refusedAck(message.clientId, refused);
    }
    if (message.ping !== undefined || message.pong !== undefined) return { clientId: message.clientId };
    return this.#enqueue(session, message, size, room ?? new ChatRoute(this.#deps, session, message.channelId));
  }

  #limit(userId: string, size: number): Refusal | undefined {
    if (size > limits.frameBytes) return refuse('message-too-large');
    const retryAfterMs = this.#frames.take(userId, frameRate) || this.#bytes.charge(userId, size, byteRate);
    if (retryAfterMs > 0) return refuse('send-too-fast', { retryAfterMs });
    const { count, bytes } = this.#unanswered.get(userId) ?? none;
    const isFull = count >= limits.postsPerUser || bytes + size > limits.postBytesPerUser;
    return isFull || this.#heldBytes + size > limits.postBytes ? refuse('too-busy') : undefined;
  }

  #enqueue(session: UserSession, given: Message, size: number, route: PostRoute): Promise<Partial<Ack>> {
    const { channelId } = given;
    const isAnswered = !isPassing(given);
    const message = given.clientId === '' && isAnswered ? { ...given, clientId: randomUUID() } : given;
    const deadline = performance.now() + deadlineMs;
    const post = { channelId, route, message, isAnswered, deadlineMs: deadline, origin: currentCall()?.recorded };
    this.#count(session, 1, size);
    return new Promise((resolve) => {
      this.#laneOf(session.me.id, channelId).add({
        deliver: () => new PostDelivery(post).run(),
        settle: (ack) => {
          this.#count(session, -1, -size);
          resolve(ack);
        },
      });
    });
  }

  #laneOf(userId: string, channelId: number): PostLane {
    const key = `${channelId} ${userId}`;
    const lane = this.#lanes.get(key) ?? new PostLane(() => this.#lanes.delete(key));
    this.#lanes.set(key, lane);
    return lane;
  }

  #count(session: UserSession, count: number, bytes: number): void {
    const userId = session.me.id;
    const known = this.#unanswered.get(userId) ?? { count: 0, bytes: 0 };
    known.count += count;
    known.bytes += bytes;
    session.posts += count;
    this.#heldBytes += bytes;
    if (known.count === 0) this.#unanswered.delete(userId);
    else this.#unanswered.set(userId, known);
  }
}
