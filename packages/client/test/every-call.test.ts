import { createServer, type Http2Server } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { methodNames } from '@parley/contract';
import { createClient, type ParleyClient, refuse, type UserInbox } from '../src/index.js';
import { type Administration, administration, grpcTransport } from '../src/node/index.js';

const received: string[] = [];
let server: Http2Server;
let client: ParleyClient;
let operator: Administration;

/** Starts a server that refuses every call and records its path. */
beforeAll(async () => {
  server = createServer();
  server.on('stream', (stream, { ':path': path = '' }) => {
    received.push(path);
    stream.respond({ ':status': 200, 'content-type': 'application/grpc', 'grpc-status': '12' }, { endStream: true });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const transport = grpcTransport({ userService: address, channelService: address, gateway: address });
  client = createClient({ transport, token: 'token' });
  operator = administration({ channelService: address, token: 'token' });
});
afterAll(async () => {
  await client.close();
  operator.close();
  await new Promise((resolve) => server.close(resolve));
});

const place = { log: 'log', seq: 1 };

/** Starts a list, so that it fetches its first page. */
const first = (list: AsyncIterator<unknown>) => list.next();

/** Reads an inbox to its end. Rejects with the reason of the end. */
async function endOf(inbox: UserInbox): Promise<void> {
  for await (const event of inbox) if (event.type === 'ended' && event.reason !== 'closed') throw refuse(event.reason);
}

/** Calls of the SDK, by the RPC that each makes. */
const userCalls: Readonly<Record<string, () => Promise<unknown>>> = {
  'UserService/Register': () => client.register({ userId: 'ann', password: 'correct horse', name: 'Ann' }),
  'UserService/Login': () => client.login('ann', 'correct horse'),
  'UserService/Logout': () => client.logout(),
  'UserService/Get': () => client.user('ann'),
  'UserService/Update': () => client.account.changePassword('correct horse', 'battery staple'),
  'UserService/Search': () => first(client.people.search('ann')),
  'UserService/ListSessions': () => client.sessions.list(),
  'UserService/CreateBot': () => client.bots.create('helper', { channelId: 1 }),
  'UserService/ListBots': () => first(client.bots.list({ channelId: 1 })),
  'UserService/RevokeBot': () => client.bots.revoke('helper'),
  'UserService/SetBotCommands': () => client.bots.setCommands([{ name: 'roll', description: 'Rolls a die' }]),
  'UserService/ResetPassword': () => client.people.resetPassword('bob'),
  'ChannelService/List': () => client.channels(),
  'ChannelService/ListChannels': () => client.listChannels(),
  'ChannelService/Create': () => client.create({ name: 'lobby' }),
  'ChannelService/Delete': () => client.delete(1),
  'ChannelService/Listen': () => client.listen(1),
  'ChannelService/Update': () => client.chats.update(1, { name: 'hall' }),
  'ChannelService/OpenDirect': () => client.chats.direct('bob'),
  'ChannelService/Overview': () => first(client.chats.overview()),
  'ChannelService/ListMembers': () => client.members.page(1),
  'ChannelService/ListCommands': () => first(client.bots.commands(1)),
  'ChannelService/ChangeMember': () => client.members.add(1, 'bob'),
  'ChannelService/AddMembers': () => client.members.addAll(1, ['bob']),
  'ChannelService/CreateInvite': () => client.invites.create(1),
  'ChannelService/ListInvites': () => client.invites.list(1),
  'ChannelService/RevokeInvite': () => client.invites.revoke('id'),
  'ChannelService/CreateIncomingWebhook': () => client.webhooks.createIncoming(1, 'builds'),
  'ChannelService/ListIncomingWebhooks': () => client.webhooks.listIncoming(1),
  'ChannelService/RotateIncomingWebhook': () => client.webhooks.rotateIncoming('id'),
  'ChannelService/DeleteIncomingWebhook': () => client.webhooks.deleteIncoming('id'),
  'ChannelService/CreateOutgoingWebhook': () => client.webhooks.createOutgoing(1, 'https://example.org/hook'),
  'ChannelService/ListOutgoingWebhooks': () => client.webhooks.listOutgoing(1),
  'ChannelService/RotateOutgoingWebhook': () => client.webhooks.rotateOutgoing('id'),
  'ChannelService/ResumeOutgoingWebhook': () => client.webhooks.resumeOutgoing('id'),
  'ChannelService/DeleteOutgoingWebhook': () => client.webhooks.deleteOutgoing('id'),
  'ChannelService/ListDeadLetters': () => client.webhooks.deadLetters('id'),
  'ChannelService/PreviewInvite': () => client.invites.preview('id'),
  'ChannelService/Join': () => client.invites.join('id'),
  'ChannelService/History': () => client.history(1),
  'ChannelService/Search': () => first(client.search('words')),
  'ChannelService/UpdateReceipt': () => client.chats.markRead(1, place),
  'ChannelService/ListReceipts': () => first(client.chats.receipts(1, 1)),
  'ChannelService/SetNotify': () => client.chats.notify(1, 'none'),
  'ChannelService/ListNotifications': () => client.notifications.unread(),
  'ChannelService/MarkNotifications': () => client.notifications.markRead({ upTo: 1 }),
  'ChannelService/SetBlock': () => client.people.block('bob'),
  'ChannelService/GetPush': () => client.push.get(),
  'ChannelService/SetPush': () => client.push.remove(),
  'ChannelService/ListBlocked': () => first(client.people.blocked()),
  'ChannelService/ReportAbuse': () => client.people.report({ userId: 'bob' }, 'reason'),
  'InboxService/Session': () => endOf(client.inbox()),
  'AdminService/ListServers': () => operator.servers(),
  'AdminService/ListGateways': () => operator.gateways(),
  'AdminService/Drain': () => operator.drain('id'),
  'AdminService/SetUser': () => operator.setUser({ id: 'bob' }),
  'AdminService/Kick': () => operator.kick({ userId: 'bob' }),
  'AdminService/ListAudit': () => operator.audit(),
  'AdminService/ListUsers': () => operator.users(),
  'AdminService/ListAllChannels': () => operator.channels(),
  'AdminService/ListAbuseReports': () => operator.reports(),
  'AdminService/ResolveAbuseReport': () => operator.resolveReport(1),
  'AdminService/DeleteUser': () => operator.deleteUser('bob', false),
  'AdminService/ExportUser': () => first(operator.exportUser('bob')),
  'AdminService/SetHold': () => operator.setHold({ userId: 'bob', reason: 'reason' }),
  'AdminService/ListHolds': () => operator.holds(),
  'AdminService/ReleaseHold': () => operator.releaseHold(1),
  'AdminService/ExportHold': () => first(operator.exportHold(1)),
};

/** RPCs that this test does not make, with the reason. */
const exceptions: Readonly<Record<string, string>> = {
  'InboxService/Watch': '`inbox` makes it, in browsers: web-inbox.test.ts',
  'InboxService/Post': '`post` of an inbox makes it, in browsers: real-posts.test.ts',
  'ChannelService/Locate': 'of gateways',
  'ChannelService/Report': 'only chat servers make it',
  'ChatService/Add': 'of managers',
  'ChatService/Remove': 'of managers',
  'ChatService/ShowReceipt': 'of managers',
  'ChatService/Disconnect': 'of managers',
  'ChatService/Drain': 'of managers',
  'ChatService/Relay': 'of gateways',
  'ChatService/Connect': '`listen` opens it after Listen, in Node: connection.test.ts',
  'ChatService/Subscribe': '`listen` opens it after Listen, in browsers: web.test.ts',
  'ChatService/Send': '`send` of a conversation makes it, in browsers: web.test.ts',
};

const services = ['UserService', 'ChannelService', 'ChatService', 'AdminService', 'InboxService'];
const rpcs = services.flatMap((service) =>
  (methodNames[`chat.v1.${service}`] ?? []).map((method) => `${service}/${method}`),
);

test('the SDK has a call for every RPC that a user or an operator may make', () => {
  expect(rpcs.length).toBeGreaterThan(50);
  expect([...Object.keys(userCalls), ...Object.keys(exceptions)].toSorted()).toEqual(rpcs.toSorted());
});

test.each(Object.entries(userCalls))('the SDK calls %s', async (rpc, call) => {
  received.length = 0;
  await expect(call()).rejects.toMatchObject({ reason: 'not-implemented' });
  expect(received).toEqual([`/chat.v1.${rpc}`]);
});
