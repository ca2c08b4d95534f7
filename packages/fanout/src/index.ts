/**
 * Fans messages out to streams: a ring of recent messages, the subscribers that read it, and limits
 * on how fast senders may fill it.
 */
export { Amendments, amendmentOf, type MessageCodec } from './amendments.js';
export type { Amendment, EncodedMessage } from './encoded-message.js';
export type { Framing } from './framing.js';
export { messageCostBytes } from './packed-messages.js';
export {
  LatestOfUsers,
  type MessageRate,
  MessageRateLimiter,
  RateLimiter,
  SenderRateLimiters,
  SlowMode,
} from './rate-limiter.js';
export {
  type JoinedMessages,
  levelFor,
  RingBuffer,
  RingMemory,
  type RingView,
  withoutHidden,
} from './ring-buffer.js';
export {
  type ChannelRings,
  type Flushable,
  FlushQueue,
  type MessageSink,
  Subscriber,
  type SubscriberOptions,
} from './subscriber.js';
