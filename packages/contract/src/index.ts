/**
 * The contract `chat.v1`: its messages, and its services as tables of methods. Runs in Node and in
 * browsers, and knows no gRPC library.
 */
import { AdminServiceDefinition } from './gen/chat/v1/admin.js';
import { ChannelServiceDefinition } from './gen/chat/v1/channel.js';
import { ChatServiceDefinition } from './gen/chat/v1/chat.js';
import { InboxServiceDefinition } from './gen/chat/v1/inbox.js';
import { UserServiceDefinition } from './gen/chat/v1/user.js';
import { serviceOf } from './method.js';

export * from './gen/chat/v1/admin.js';
export * from './gen/chat/v1/channel.js';
export * from './gen/chat/v1/chat.js';
export * from './gen/chat/v1/inbox.js';
export * from './gen/chat/v1/types.js';
export * from './gen/chat/v1/user.js';
export { Empty } from './gen/google/protobuf/empty.js';
export { type KindRules, kindConstants, kindRules, rulesOf } from './kinds.js';
export type { Codec, Method } from './method.js';

export const AdminService = serviceOf(AdminServiceDefinition);
export const ChannelService = serviceOf(ChannelServiceDefinition);
export const ChatService = serviceOf(ChatServiceDefinition);
export const InboxService = serviceOf(InboxServiceDefinition);
export const UserService = serviceOf(UserServiceDefinition);
