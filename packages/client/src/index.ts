export { Backoff } from './backoff.js';
export { ChannelStream, type Place, type StreamEnd, type StreamOptions } from './channel-stream.js';
export { Conversation, type ConversationEvents, worthAnotherListen } from './conversation.js';
export { type Addresses, type NewUser, ParleyClient } from './parley-client.js';
