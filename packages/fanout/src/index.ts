/** Fans messages out to streams: a ring of recent frames, the subscribers that read it, and the limits on who may fill it. */
export { type Flushable, FlushQueue } from './flush-queue.js';
export { type MessageRate, MessageRateLimiter, RateLimiter } from './rate-limiter.js';
export { type Amendment, type Frame, type JoinedFrames, RingBuffer } from './ring-buffer.js';
export { type ChannelRings, type FrameSink, Subscriber, type SubscriberOptions } from './subscriber.js';
