/** The SDK for Node and browsers. Nothing here imports gRPC or Node. */
export {
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
export type { ChatSummary, DatedReceipt, NotifyLevel } from './calls/chat-summary.js';
export { type ChannelChange, Chats } from './calls/chats.js';
export { Invites, type NewInvite } from './calls/invites.js';
export { type Addition, type GivenRole, Members } from './calls/members.js';
export { type NotificationItem, type NotificationRange, Notifications } from './calls/notifications.js';
export { PeopleDirectory, type ReportTarget } from './calls/people.js';
export type { FoundMessage, SearchOptions } from './calls/search.js';
export { OwnSessions } from './calls/sessions.js';
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
export {
  type ChannelsRange,
  type ClientOptions,
  createClient,
  type HistoryRange,
  type NewChannel,
  type NewUser,
  type OpenSession,
  ParleyClient,
} from './parley-client.js';
export type { Sent } from './pending.js';
export type { MemberReceipt, ReceiptSeqs } from './receipt-book.js';
export { isToken } from './token.js';
export type { CallOptions, ConnectOptions, ConnectStream, Seat, Transport, UnaryCall } from './transport.js';
export { randomUuid } from './uuid.js';
