/** The SDK for Node and browsers. Nothing here imports gRPC or Node. */
export {
  type BotCommand,
  type Channel,
  ChannelKind,
  ChannelStatus,
  type Invite,
  MemberRole,
  type Retention,
  type Session,
  type User,
  UserRole,
  UserStatus,
  Visibility,
} from '@parley/contract';
export { Refusal, refuse } from '@parley/runtime/refusal';
export type { Reason } from '@parley/runtime/refusals';
export { OwnAccount, type ProfileChange } from './calls/account.js';
export type { Abortable, Ask, ListOptions, PageRange } from './calls/ask.js';
export { type BotRange, Bots, type NewBot } from './calls/bots.js';
export type { ChatSummary, ChatsNow, DatedReceipt, NotifyLevel } from './calls/chat-summary.js';
export { type ChannelChange, Chats, type MarkUnreadOptions } from './calls/chats.js';
export { Invites, type NewInvite } from './calls/invites.js';
export { type Addition, type GivenRole, Members } from './calls/members.js';
export { type NotificationItem, type NotificationRange, Notifications } from './calls/notifications.js';
export { type AccountChange, OperatorCalls } from './calls/operator-calls.js';
export { PeopleDirectory, type ReportTarget } from './calls/people.js';
export type { FoundMessage, SearchOptions } from './calls/search.js';
export { OwnSessions } from './calls/sessions.js';
export { type PushState, type PushTarget, WebPush } from './calls/web-push.js';
export { Webhooks } from './calls/webhooks.js';
export type {
  ChannelsRange,
  ClientOptions,
  HistoryRange,
  NewChannel,
  NewUser,
  OpenSession,
} from './client-options.js';
export { Conversation } from './conversation.js';
export type { ListenOptions, SendOptions } from './conversation-options.js';
export type { LogPosition } from './core/bookmark.js';
export {
  type ConversationEvent,
  type EntryEvent,
  type GapEvent,
  isSaid,
  type MessageEvent,
  type MessageReaction,
  type PassingEvent,
  type StateEvent,
  textOf,
} from './events.js';
export type { MessageOptions } from './frames.js';
export type { HistoryPage } from './history.js';
export type { InboxEntry, InboxGap, InboxPassing, UserInboxEvent } from './inbox/inbox-events.js';
export type { InboxOptions } from './inbox/inbox-options.js';
export type { InboxPlace } from './inbox/inbox-place.js';
export { UserInbox } from './inbox/user-inbox.js';
export { createClient, ParleyClient } from './parley-client.js';
export type { Sent } from './pending.js';
export type { MemberReceipt, ReceiptSeqs } from './receipt-seqs.js';
export { isToken } from './token.js';
export type {
  CallOptions,
  ConnectOptions,
  ConnectStream,
  InboxConnection,
  Seat,
  Transport,
  UnaryCall,
  WatchOptions,
} from './transport.js';
export { randomUuid } from './uuid.js';
