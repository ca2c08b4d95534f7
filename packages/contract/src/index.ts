/**
 * The contract `chat.v1`: its messages, and its services as tables of methods. Runs in Node and in
 * browsers, and uses no gRPC library.
 */
import { AdminServiceDefinition } from './gen/chat/v1/admin.js';
import { ChannelServiceDefinition } from './gen/chat/v1/channel.js';
import { ChatServiceDefinition } from './gen/chat/v1/chat.js';
import { InboxServiceDefinition } from './gen/chat/v1/inbox.js';
import { UserServiceDefinition } from './gen/chat/v1/user.js';
import { HealthDefinition } from './gen/health/v1/health.js';
import { serviceOf } from './method.js';

export { isBlank } from './blank.js';
export {
  type ChannelSetting,
  type ChannelSettingName,
  type ChannelSettingValues,
  channelSettings,
  settingRows,
  snakeCase,
} from './channel-settings.js';
export * from './gen/chat/v1/admin.js';
export * from './gen/chat/v1/channel.js';
export * from './gen/chat/v1/chat.js';
export * from './gen/chat/v1/inbox.js';
export * from './gen/chat/v1/types.js';
export * from './gen/chat/v1/user.js';
export { Empty } from './gen/google/protobuf/empty.js';
export {
  type HealthCheckRequest,
  type HealthCheckResponse,
  HealthCheckResponse_ServingStatus,
} from './gen/health/v1/health.js';
export { methodNames } from './gen/method-names.js';
export { type KindRules, kindConstants, kindRules, rulesOf } from './kinds.js';
export { type Codec, encodeRequest, type Method, methodOf } from './method.js';
export { countCommands, hasSeveralEvents } from './one-of.js';
export { type OriginalMethod, originalMethods } from './original-methods.js';

/** Methods for operators. */
export const AdminService = /* @__PURE__ */ serviceOf(AdminServiceDefinition);
/** Methods of the manager: channels, members and placement. */
export const ChannelService = /* @__PURE__ */ serviceOf(ChannelServiceDefinition);
/** Methods of a chat server. */
export const ChatService = /* @__PURE__ */ serviceOf(ChatServiceDefinition);
/** The gRPC health protocol. */
export const HealthService = /* @__PURE__ */ serviceOf(HealthDefinition);
/** Stream of everything that happens in the chats of one user, served by a gateway. */
export const InboxService = /* @__PURE__ */ serviceOf(InboxServiceDefinition);
/** Methods for accounts, sessions and profiles. */
export const UserService = /* @__PURE__ */ serviceOf(UserServiceDefinition);
export { webhookTypes } from './webhook-types.js';
