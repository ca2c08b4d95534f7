import { seedMethods } from '@parley/contract/descriptors';

/** Where a call goes; a stream goes over a connection of its own. */
export type UserCallTarget = 'user-service' | 'manager' | 'chat-server' | 'chat-server stream';

const channelCalls = [
  ...[
    'List',
    'ListChannels',
    'Create',
    'Delete',
    'Listen',
    'Update',
    'OpenDirect',
    'Overview',
    'ListMembers',
    'ChangeMember',
  ],
  ...['CreateInvite', 'ListInvites', 'RevokeInvite', 'Join', 'History', 'Search'],
];

/** What users call and a browser can: all but Connect, which streams both ways. Whatever is missing does not exist here. */
const calls: readonly (readonly [service: string, target: UserCallTarget, methods: readonly string[]])[] = [
  ['UserService', 'user-service', ['Register', 'Login', 'Logout', 'Get', 'Update', 'Search']],
  ['ChannelService', 'manager', channelCalls],
  ['ChatService', 'chat-server stream', ['Subscribe']],
  ['ChatService', 'chat-server', ['Send']],
];

/** Under its name, and under the seed's where the seed has it. */
function pathsOf(service: string, method: string): string[] {
  const isOfSeed = seedMethods.some((one) => one.service === service && one.method === method);
  return [`/chat.v1.${service}/${method}`, ...(isOfSeed ? [`/${service}/${method}`] : [])];
}

/** Every path that the bridge knows. */
export const userCalls: ReadonlyMap<string, UserCallTarget> = new Map(
  calls.flatMap(([service, target, methods]) =>
    methods.flatMap((method) => pathsOf(service, method).map((path) => [path, target] as const)),
  ),
);
