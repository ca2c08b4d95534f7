import { methodNames, originalMethods } from '@parley/contract';

/**
 * Service to which a call is forwarded. Each stream to a chat server has its own connection. An
 * Overview goes to a manager, after a wait for its turn. The gateway itself serves the inbox.
 */
export type UserCallTarget =
  | 'user-service'
  | 'manager'
  | 'overview'
  | 'chat-server'
  | 'chat-server stream'
  | 'inbox'
  | 'inbox stream';

/** Calls that only services make. No proxy forwards them. */
const serviceCalls: readonly string[] = ['Report', 'Locate'];

function callsOf(service: 'UserService' | 'ChannelService'): readonly string[] {
  return (methodNames[`chat.v1.${service}`] ?? []).filter((method) => !serviceCalls.includes(method));
}

/**
 * Methods that the bridge serves: all calls of users except Connect and Session, because browsers
 * cannot open a two-way stream.
 */
const calls: readonly (readonly [service: string, target: UserCallTarget, methods: readonly string[]])[] = [
  ['UserService', 'user-service', callsOf('UserService')],
  ['ChannelService', 'manager', callsOf('ChannelService')],
  ['ChannelService', 'overview', ['Overview']],
  ['ChatService', 'chat-server stream', ['Subscribe']],
  ['ChatService', 'chat-server', ['Send']],
  ['InboxService', 'inbox stream', ['Watch']],
  ['InboxService', 'inbox', ['Post']],
];

/**
 * Returns the paths of a method: its name, and its original name without a package if it has one.
 */
function pathsOf(service: string, method: string): string[] {
  const isOriginal = originalMethods.some((one) => one.service === service && one.method === method);
  return [`/chat.v1.${service}/${method}`, ...(isOriginal ? [`/${service}/${method}`] : [])];
}

/** Targets of calls by their path. */
export type CallTargets = ReadonlyMap<string, UserCallTarget>;

/** Targets of every path that the bridge forwards for the page of users. */
export const userCalls: CallTargets = new Map(
  calls.flatMap(([service, target, methods]) =>
    methods.flatMap((method) => pathsOf(service, method).map((path) => [path, target] as const)),
  ),
);

/**
 * Targets of the calls that the admin page makes, and no others. The exports are missing, because
 * they may take longer than a unary call.
 */
export const adminPageCalls: CallTargets = new Map(
  [
    ...(methodNames['chat.v1.AdminService'] ?? [])
      .filter((method) => method !== 'ExportUser' && method !== 'ExportHold')
      .map((method) => ['AdminService', method, 'manager'] as const),
    ...['Delete', 'CreateInvite'].map((method) => ['ChannelService', method, 'manager'] as const),
    ...['Login', 'Logout', 'Update', 'ResetPassword'].map((method) => ['UserService', method, 'user-service'] as const),
  ].map(([service, method, target]) => [`/chat.v1.${service}/${method}`, target]),
);
