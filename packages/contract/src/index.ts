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

/** Methods for operators. */
export const AdminService = serviceOf(AdminServiceDefinition);
/** Methods of the manager: channels, members and placement. */
export const ChannelService = serviceOf(ChannelServiceDefinition);
/** Methods of a chat server. */
export const ChatService = serviceOf(ChatServiceDefinition);
/** Stream of all events of one user. */
export const InboxService = serviceOf(InboxServiceDefinition);
/** Methods for accounts, sessions and profiles. */
export const UserService = serviceOf(UserServiceDefinition);
