/** The messages of `chat.v1` without its services, for browsers too: nothing here needs gRPC or Node. */
export * from './gen/messages/chat/v1/channel.js';
export * from './gen/messages/chat/v1/chat.js';
export * from './gen/messages/chat/v1/types.js';
export * from './gen/messages/chat/v1/user.js';
export { Empty } from './gen/messages/google/protobuf/empty.js';
