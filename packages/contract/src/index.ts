/** The contract: `chat.v1` as TypeScript, one generated file per service. Its descriptors are `@parley/contract/descriptors`. */
export * from './gen/chat/v1/admin.js';
export * from './gen/chat/v1/channel.js';
export * from './gen/chat/v1/chat.js';
export * from './gen/chat/v1/inbox.js';
export * from './gen/chat/v1/types.js';
export * from './gen/chat/v1/user.js';
export { Empty } from './gen/google/protobuf/empty.js';
