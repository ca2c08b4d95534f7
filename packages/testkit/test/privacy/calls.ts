import {
  AdminService,
  ChannelService,
  ChatService,
  encodeRequest,
  HealthService,
  InboxService,
  type Method,
  UserService,
} from '@parley/contract';

const services: Readonly<Record<string, Readonly<Record<string, Method>>>> = {
  UserService,
  ChannelService,
  AdminService,
  InboxService,
  ChatService,
  Health: HealthService,
} as never;

const methods: ReadonlyMap<string, Method> = new Map(
  Object.entries(services).flatMap(([service, all]) =>
    Object.values(all).map((method): [string, Method] => [`${service}/${method.path.split('/').at(-1)}`, method]),
  ),
);

/** Every method of the contract, such as `UserService/Login`. */
export const everyMethod: readonly string[] = [...methods.keys()];

/**
 * Returns the path and the encoded request of a call. `name` is a method, optionally followed by a
 * comma and a description of the request.
 */
export function encoded(name: string, request: object): { path: string; bytes: Uint8Array } {
  const method = methods.get(methodIn(name));
  if (method === undefined) throw new Error(`${name} is not in the contract`);
  const codec = method.requestType as unknown as { fromPartial(value: object): unknown };
  return { path: method.path, bytes: encodeRequest(method, codec.fromPartial(request)) };
}

/** Returns the method in the name of a call, without the description of the request. */
export function methodIn(name: string): string {
  return name.split(',')[0] ?? '';
}

/** Returns whether the request of a method has a field, by its name in the generated code. */
export function hasField(method: string, field: string): boolean {
  const empty = methods.get(method)?.requestType.decode(new Uint8Array());
  return Object.hasOwn(empty ?? {}, field);
}

/** The ids that calls about a channel name. */
export interface ChannelTarget {
  readonly channel: number;
  readonly log: string;
  /** Seq of an early message. */
  readonly seq: number;
  readonly me: string;
  /** A member, and a user who is not one. */
  readonly member: string;
  readonly outsider: string;
}

/** A call that names a channel. */
export type ChannelCall = (target: ChannelTarget) => object;

const change =
  (what: object, whom: 'me' | 'member' | 'outsider'): ChannelCall =>
  ({ channel: channelId, [whom]: userId }) => ({ channelId, userId, ...what });

const byId: ChannelCall = ({ channel: id }) => ({ id });
const byChannel: ChannelCall = ({ channel: channelId }) => ({ channelId });
const later = 4e12;
const clientId = '11111111-2222-4333-8444-555555555555';

/** Every call that names a channel. Calls that may make the caller a member come last. */
export const channelCalls: Readonly<Record<string, ChannelCall>> = {
  'ChannelService/List': byId,
  'ChannelService/Delete': byId,
  'ChannelService/Listen': byId,
  'ChannelService/Update': ({ channel: id }) => ({ id, name: 'mine now', retention: { seconds: 60 } }),
  'ChannelService/ListMembers': byChannel,
  'ChannelService/ListCommands': byChannel,
  'ChannelService/ChangeMember, add another': change({ add: true }, 'outsider'),
  'ChannelService/ChangeMember, remove another': change({ remove: true }, 'member'),
  'ChannelService/ChangeMember, role of another': change({ role: 2 }, 'member'),
  'ChannelService/ChangeMember, offer ownership': change({ role: 3 }, 'member'),
  'ChannelService/ChangeMember, mute': change({ muteUntil: later }, 'member'),
  'ChannelService/ChangeMember, ban': change({ banUntil: later }, 'member'),
  'ChannelService/ChangeMember, own role': change({ role: 1 }, 'me'),
  'ChannelService/AddMembers': ({ channel: channelId, outsider }) => ({ channelId, userIds: [outsider] }),
  'ChannelService/CreateInvite': byChannel,
  'ChannelService/ListInvites': byId,
  'ChannelService/CreateIncomingWebhook': ({ channel: channelId }) => ({ channelId, name: 'builds' }),
  'ChannelService/ListIncomingWebhooks': byId,
  'ChannelService/CreateOutgoingWebhook': ({ channel: channelId }) => ({ channelId, url: 'https://example.org/' }),
  'ChannelService/ListOutgoingWebhooks': byId,
  'ChannelService/History': byChannel,
  'ChannelService/Search': ({ channel: channelId, member: sender }) => ({ channelId, sender }),
  'ChannelService/UpdateReceipt': ({ channel: channelId, log }) => ({ channelId, log, readSeq: 1 }),
  'ChannelService/ListReceipts': ({ channel: channelId, seq }) => ({ channelId, seq }),
  'ChannelService/SetNotify': ({ channel: channelId }) => ({ channelId, notify: 1 }),
  'ChannelService/ReportAbuse, message': ({ channel: channelId, seq }) => ({ channelId, seq, reason: 'rude' }),
  'ChannelService/ReportAbuse, user': ({ channel: channelId, member: userId }) => ({ channelId, userId }),
  'InboxService/Post': ({ channel: channelId }) => ({ channelId, clientId, data: Buffer.from('hello') }),
  'UserService/CreateBot': ({ channel: channelId, me }) => ({ channelId, userId: `bot-of-${me}` }),
  'UserService/ListBots': byChannel,
  'ChannelService/ChangeMember, leave': change({ remove: true }, 'me'),
  'ChannelService/Join': byChannel,
  'ChannelService/ChangeMember, add oneself': change({ add: true }, 'me'),
};

/** The ids that calls about a user name. */
export interface UserTarget {
  readonly user: string;
  readonly number: number;
  /** A group and a room of the caller. */
  readonly group: number;
  readonly room: number;
  /** A public chat and a room of somebody else to which the user belongs. */
  readonly openChat: number;
  readonly openRoom: number;
}

const changeIn =
  (where: 'group' | 'room' | 'openChat' | 'openRoom', what: object) =>
  ({ user: userId, [where]: channelId }: UserTarget) => ({ channelId, userId, ...what });

/** Every call that names a user and a channel of somebody else to which that user belongs. */
function callsIn(name: string, where: 'openChat' | 'openRoom') {
  const calls = {
    'ChangeMember, add': changeIn(where, { add: true }),
    'ChangeMember, remove': changeIn(where, { remove: true }),
    'ChangeMember, role': changeIn(where, { role: 2 }),
    'ChangeMember, offer': changeIn(where, { role: 3 }),
    'ChangeMember, mute': changeIn(where, { muteUntil: later }),
    'ChangeMember, ban': changeIn(where, { banUntil: later }),
    AddMembers: ({ user, [where]: channelId }: UserTarget) => ({ channelId, userIds: [user] }),
    'ReportAbuse, the user': ({ user: userId, [where]: channelId }: UserTarget) => ({ userId, channelId }),
  };
  const named = ([call, request]: [string, (target: UserTarget) => object]) => [
    `ChannelService/${call}${call.includes(',') ? ' in' : ', in'} ${name}`,
    request,
  ];
  return Object.fromEntries(Object.entries(calls).map(named)) as Record<string, (target: UserTarget) => object>;
}

/** Every call that names a user. */
export const userCalls: Readonly<Record<string, (target: UserTarget) => object>> = {
  'UserService/Get, by id': ({ user: id }) => ({ id }),
  'UserService/Get, by number': ({ number }) => ({ number }),
  'UserService/Search, by id': ({ user: text }) => ({ text }),
  'UserService/Search, by number': ({ number }) => ({ text: String(number) }),
  'UserService/Register': ({ user: userId }) => ({ userId, password: 'correct horse' }),
  'UserService/Login': ({ user: userId }) => ({ userId, password: 'a wrong guess' }),
  'UserService/CreateBot, the id': ({ user: userId, group: channelId }) => ({ userId, channelId }),
  'UserService/RevokeBot': ({ user: id }) => ({ id }),
  'UserService/SetBotCommands': ({ user: botId }) => ({ botId, commands: [{ name: 'roll', description: 'Rolls' }] }),
  'UserService/ResetPassword': ({ user: id }) => ({ id }),
  'ChannelService/OpenDirect': ({ user: id }) => ({ id }),
  'ChannelService/ChangeMember, add': changeIn('group', { add: true }),
  'ChannelService/ChangeMember, remove': changeIn('group', { remove: true }),
  'ChannelService/ChangeMember, mute in a group': changeIn('group', { muteUntil: later }),
  'ChannelService/ChangeMember, ban in a room': changeIn('room', { banUntil: later }),
  'ChannelService/ChangeMember, offer a room': changeIn('room', { role: 3 }),
  'ChannelService/AddMembers, the user': ({ user, group: channelId }) => ({ channelId, userIds: [user] }),
  'ChannelService/SetBlock, block': ({ user: userId }) => ({ userId, blocked: true }),
  'ChannelService/SetBlock, unblock': ({ user: userId }) => ({ userId, blocked: false }),
  'ChannelService/ReportAbuse, the user': ({ user: userId }) => ({ userId, reason: 'rude' }),
  'ChannelService/Search, the sender': ({ user: sender }) => ({ sender }),
  ...callsIn('a public chat of others', 'openChat'),
  ...callsIn('a room of others', 'openRoom'),
  'AdminService/SetUser': ({ user: id }) => ({ id, status: 2 }),
  'AdminService/Kick': ({ user: userId }) => ({ userId }),
  'AdminService/DeleteUser': ({ user: userId }) => ({ userId }),
  'AdminService/ExportUser': ({ user: id }) => ({ id }),
  'AdminService/SetHold': ({ user: userId }) => ({ userId, reason: 'a case' }),
};

/** Every call that names an invite link. The call that makes the caller a member comes last. */
export const linkCalls: Readonly<Record<string, (link: string) => object>> = {
  'ChannelService/RevokeInvite': (id) => ({ id }),
  'ChannelService/PreviewInvite': (id) => ({ id }),
  'ChannelService/RotateIncomingWebhook': (id) => ({ id }),
  'ChannelService/DeleteIncomingWebhook': (id) => ({ id }),
  'ChannelService/RotateOutgoingWebhook': (id) => ({ id }),
  'ChannelService/ResumeOutgoingWebhook': (id) => ({ id }),
  'ChannelService/DeleteOutgoingWebhook': (id) => ({ id }),
  'ChannelService/ListDeadLetters': (id) => ({ id }),
  'ChannelService/Join, by link': (id) => ({ id }),
};

/** Calls that need a join token. */
export const seatCalls: readonly string[] = ['ChatService/Connect', 'ChatService/Subscribe', 'ChatService/Send'];

/** Words and ids that a stranger looks for, such as the name and the text of a hidden channel. */
export interface Wanted {
  readonly name: string;
  readonly text: string;
  readonly person: string;
  /** A session of somebody else. */
  readonly session: string;
}

/** Calls that name neither a channel nor a user, and read everything that the caller may see. */
export const readingCalls: Readonly<Record<string, (wanted: Wanted) => object>> = {
  'ChannelService/List, all': () => ({}),
  'ChannelService/ListChannels': () => ({}),
  'ChannelService/ListChannels, own': () => ({ mine: true }),
  'ChannelService/ListChannels, by name': ({ name }) => ({ name }),
  'ChannelService/Overview': () => ({}),
  'ChannelService/ListNotifications': () => ({}),
  'ChannelService/GetPush': () => ({}),
  'ChannelService/ListBlocked': () => ({}),
  'ChannelService/Search, everywhere': ({ text }) => ({ text }),
  'UserService/Search': ({ person: text }) => ({ text }),
  'UserService/ListSessions': () => ({}),
};

/**
 * All other calls: they need neither a channel nor a user, or name something that belongs to no
 * user.
 */
export const otherCalls: Readonly<Record<string, (wanted: Wanted) => object>> = {
  'ChannelService/Create': () => ({ name: 'my own', limit: 5 }),
  'ChannelService/MarkNotifications': () => ({ upTo: 1e9 }),
  'ChannelService/SetPush': () => ({}),
  'UserService/Logout': () => ({}),
  'UserService/Logout, of another': ({ session: sessionId }) => ({ sessionId }),
  'UserService/Update': () => ({ about: 'my own' }),
};

/** Calls that never end by themselves. */
export const endless: ReadonlySet<string> = new Set([
  'Health/Watch',
  'ChatService/Connect',
  'ChatService/Subscribe',
  'InboxService/Watch',
]);
