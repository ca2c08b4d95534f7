/** Fans messages out to streams: a ring of recent messages, the subscribers that read it, and limits on who may fill it. */
export { type Flushable, FlushQueue } from './flush-queue.js';
export type { Framing } from './framing.js';
export { type MessageRate, MessageRateLimiter, RateLimiter } from './rate-limiter.js';
export { type Amendment, type EncodedMessage, type JoinedMessages, RingBuffer, type RingView } from './ring-buffer.js';
export { levelFor, RingMemory } from './ring-memory.js';
export { type ChannelRings, type MessageSink, Subscriber, type SubscriberOptions } from './subscriber.js';
