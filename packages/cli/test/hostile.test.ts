import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import {
  Metadata,
  Server,
  ServerCredentials,
  type ServerUnaryCall,
  type ServerWritableStream,
  type sendUnaryData,
  status,
} from '@grpc/grpc-js';
import {
  AdminService,
  AuditEntry,
  Channel,
  ChannelServer,
  ChannelService,
  Chat,
  ChatService,
  HistoryResponse,
  Invite,
  Kind,
  ListAuditResponse,
  ListChannelsResponse,
  ListenResponse,
  ListNotificationsResponse,
  ListServersResponse,
  LoginResponse,
  Message,
  Session,
  User,
  UserService,
} from '@parley/contract';
import { grpcService } from '@parley/rpc';
import { Program } from '@parley/testkit';

const parley = fileURLToPath(new URL('../../../../bin/parley.js', import.meta.url));

/** Characters that a terminal obeys, reorders or hides, and a faked line of another user. */
const evil =
  '\u001b]52;c;aGk=\u0007\u001b[2J\u009b31m\u0090q\u202e\u2066\u{e0041}\u{e0101}\u200b\rX\n12:00:00 #1 bob: pay me';
const harm = /(?![\n\t])[\p{Cc}\p{Bidi_Control}\p{Zl}\p{Zp}\u200b\u{e0000}-\u{e0fff}]/u;

const user = User.fromPartial({ id: evil, name: evil, number: 1, about: evil, email: evil });
const said = { seq: 3, timestamp: 1e12, sender: evil, contentType: evil, clientId: evil, mentions: [evil] };
const entries = [
  { ...said, data: Buffer.from(evil), contentType: 'text/plain', reactions: [{ emoji: evil, userIds: [evil] }] },
  { ...said, seq: 4, data: Buffer.from([0xff]) },
  { ...said, seq: 5, kind: Kind.EDIT, targetSeq: 3, data: Buffer.from(evil), contentType: 'text/plain' },
  { ...said, seq: 6, kind: Kind.REACT, targetSeq: 3, data: Buffer.from(evil) },
  { ...said, seq: 7, kind: Kind.DELETE, targetSeq: 3 },
].map((fields) => Message.fromPartial(fields));

const invite = Invite.fromPartial({ id: evil, channelId: 7, createdBy: evil, expiresAt: 8.65e15 });

type Answers = Record<string, (call: never, done: never) => void>;

class HostileService {
  readonly #server = new Server();
  address = '';
  /** Whether the server refuses every call, with a text of its own. */
  refuses = false;
  token = 'a.b.c';

  async open(): Promise<void> {
    this.#server.addService(grpcService(UserService), { ...this.#user() } as never);
    this.#server.addService(grpcService(ChannelService), { ...this.#channels() } as never);
    this.#server.addService(grpcService(AdminService), { ...this.#admin() } as never);
    this.#server.addService(grpcService(ChatService), { connect: (call: never) => this.#chat(call) } as never);
    const port = await new Promise<number>((resolve) =>
      this.#server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (_, bound) => resolve(bound)),
    );
    this.address = `127.0.0.1:${port}`;
  }

  close(): void {
    this.#server.forceShutdown();
  }

  #refusal() {
    const metadata = new Metadata();
    metadata.set('chat-reason', 'internal');
    return { code: status.INTERNAL, details: evil, metadata };
  }

  #answer<T>(of: () => T) {
    return (_call: ServerUnaryCall<unknown, T>, done: sendUnaryData<T>) =>
      this.refuses ? done(this.#refusal()) : done(null, of());
  }

  get #channel(): Channel {
    return Channel.fromPartial({
      ...{
        id: 7,
        name: evil,
        ownerId: evil,
        limit: 9,
        users: [user],
        description: evil,
        retention: { everything: true },
      },
      ...{ userCount: 1, log: evil, lastSeq: 9, status: 99 as never, kind: 99 as never },
    });
  }

  #user(): Answers {
    return {
      register: this.#answer(() => ({})),
      login: this.#answer(() => LoginResponse.fromPartial({ token: this.token, user, expiresAt: 8.64e15 })),
      logout: this.#answer(() => ({})),
      get: this.#answer(() => user),
      update: this.#answer(() => user),
      search: this.#answer(() => ({ users: [user], next: '' })),
      listSessions: this.#answer(() => ({
        sessions: [Session.fromPartial({ id: evil, device: evil, address: evil })],
      })),
    };
  }

  #channels(): Answers {
    return {
      list: (call: ServerWritableStream<Channel, Channel>) => {
        if (this.refuses) return void call.emit('error', this.#refusal());
        call.write(this.#channel);
        call.end();
      },
      listChannels: this.#answer(() => ListChannelsResponse.fromPartial({ channels: [this.#channel], ids: [7] })),
      create: this.#answer(() => this.#channel),
      delete: this.#answer(() => ({})),
      history: this.#answer(() =>
        HistoryResponse.fromPartial({ messages: entries, more: true, log: evil, next: evil }),
      ),
      openDirect: this.#answer(() => this.#channel),
      listMembers: this.#answer(() => ({ users: [user], next: '' })),
      changeMember: this.#answer(() => user),
      createInvite: this.#answer(() => invite),
      listInvites: this.#answer(() => ({ invites: [invite] })),
      revokeInvite: this.#answer(() => ({})),
      previewInvite: this.#answer(() => this.#channel),
      join: this.#answer(() => this.#channel),
      search: this.#answer(() => HistoryResponse.fromPartial({ messages: entries })),
      overview: this.#answer(() => ({ chats: [this.#chatOf(undefined), this.#chatOf(user)], next: '', inbox: evil })),
      setNotify: this.#answer(() => ({})),
      listNotifications: this.#answer(() =>
        ListNotificationsResponse.fromPartial({ notifications: [{ id: 1, kind: 99 as never, by: evil }] }),
      ),
      markNotifications: this.#answer(() => ({})),
      getPush: this.#answer(() => ({ serverKey: Buffer.from(evil), subscription: undefined })),
      setPush: this.#answer(() => ({})),
      setBlock: this.#answer(() => ({})),
      listBlocked: this.#answer(() => ({ users: [user], next: '' })),
      listen: this.#answer(() =>
        ListenResponse.fromPartial({ server: { id: evil, addr: this.address, name: evil }, token: 'seat' }),
      ),
    } as unknown as Answers;
  }

  #chatOf(peer: User | undefined): Chat {
    return Chat.fromPartial({ channel: this.#channel, last: entries[0], unread: 100, mentions: 3, log: evil, peer });
  }

  #admin(): Answers {
    const server = ChannelServer.fromPartial({
      ...{ id: evil, name: evil, addr: evil, internalAddr: evil, state: 99 as never, load: 0.5 },
    });
    const act = { at: 8.65e15, actor: evil, action: evil, target: evil };
    const acts = [
      { ...act, detail: evil },
      { ...act, action: 'server.drain', detail: JSON.stringify({ name: evil }) },
    ];
    return {
      listServers: this.#answer(() => ListServersResponse.fromPartial({ servers: [server] })),
      drain: this.#answer(() => ({})),
      setUser: this.#answer(() => user),
      kick: this.#answer(() => ({})),
      listAudit: this.#answer(() =>
        ListAuditResponse.fromPartial({ entries: acts.map((one) => AuditEntry.fromPartial(one)), next: evil }),
      ),
    };
  }

  #chat(call: {
    write: (frame: Message) => void;
    end: () => void;
    on: (event: string, act: () => void) => void;
  }): void {
    const frames: Parameters<typeof Message.fromPartial>[0][] = [
      { welcome: { channel: this.#channel, me: user, log: evil, lastSeq: 2 } },
      ...entries,
      { presence: { came: [user], went: [], here: 2 } },
      { lossy: true, sender: evil, data: Buffer.from(evil), contentType: 'text/plain' },
      { typing: { userId: evil } },
      { receipt: { userId: evil, readSeq: 9 } },
      { goodbye: { reason: 'kicked', message: evil, listenAgain: false } },
    ];
    for (const frame of frames) call.write(Message.fromPartial(frame));
    call.end();
  }
}

const service = new HostileService();
let folder = '';
let commandServer: Program;

beforeAll(async () => {
  await service.open();
  commandServer = new Program(process.execPath, [fileURLToPath(new URL('command-server.js', import.meta.url))]);
  folder = await mkdtemp(join(tmpdir(), 'parley-hostile-'));
});
beforeEach(async () => {
  service.refuses = false;
  service.token = 'a.b.c';
  const saved = { user_id: evil, name: evil, token: 'a.b.c', user_service: service.address, manager: service.address };
  await writeFile(join(folder, 'login.json'), JSON.stringify(saved));
});
afterAll(async () => {
  await commandServer.end();
  service.close();
  await rm(folder, { recursive: true });
});

const options = () => [
  '--login',
  join(folder, 'login.json'),
  '--user-service',
  service.address,
  '--manager',
  service.address,
];

/** Runs a command that reads a password, in its own process. */
async function run(...args: string[]): Promise<{ code: number | null; said: string }> {
  const command = new Program(process.execPath, [parley, ...options(), ...args]);
  command.type('a password');
  return { code: await command.end(), said: command.said };
}

/** Runs a command that reads no input, in the process that all such commands share. */
async function runInTurn(...args: string[]): Promise<{ code: number | null; said: string }> {
  commandServer.said = '';
  commandServer.type(JSON.stringify([...options(), ...args]));
  while (commandServer.said.split('\0').length < 4) await pause(5);
  const [end, code] = /\0code=(\d)\0/.exec(commandServer.said) ?? [];
  return { code: Number(code), said: commandServer.said.replace(end ?? '', '').replace('\0', '') };
}

const readers = ['register', 'login', 'chat', 'direct'];

const commands = [
  ['register', 'ann', '--name', evil],
  ['login', 'ann'],
  ['logout'],
  ['channels'],
  ['create', 'x'],
  ['create', evil],
  ['delete', '7'],
  ['history', '7'],
  ['chat', '7'],
  ['direct', evil],
  ['members', '7'],
  ['members', '7', evil, '--add'],
  ['leave', '7'],
  ['invite', '7'],
  ['invite', '7', '--list'],
  ['invite', '7', '--revoke', `invite-${'x'.repeat(22)}`],
  ['join', '7'],
  ['join', `invite-${'x'.repeat(22)}`],
  ['chats'],
  ['search', 'x', `from:${evil}`],
  ['notifications', '--read'],
  ['notify', '7', 'none'],
  ['people', evil],
  ['profile'],
  ['profile', '--about', evil],
  ['block'],
  ['block', evil],
  ['unblock', evil],
  ['sessions'],
  ['sessions', '--end', evil],
  ['admin', 'servers', '--all'],
  ['admin', 'drain', evil],
  ['admin', 'user', 'ann', '--role', 'admin'],
  ['admin', 'kick', 'ann', '7'],
  ['admin', 'audit'],
  [evil],
  ['--manager', evil, 'channels'],
  ['--ca', evil, 'channels'],
];

test.each(commands)('%j %j prints no control characters, whatever a server sends', async (...args) => {
  const words = args.filter((word) => word !== undefined);
  for (const refuses of [false, true]) {
    service.refuses = refuses;
    const runs = readers.includes(words[0] ?? '') ? run : runInTurn;
    for (const { said } of [await runs(...words), await runs('--json', ...words)]) {
      expect(said).not.toBe('');
      expect(harm.exec(said)).toBeNull();
      expect(said).not.toMatch(/^12:00:00 #1 bob/m);
    }
  }
});

test.each([['\u001b]0;x\u0007'], ['a b'], ['\u202e'], [''], ['x\n']])(
  'neither stores a token like %j nor shows it in an error',
  async (token) => {
    service.token = `secret-part${token}`;
    if (token === '') service.token = '';
    const before = await readFile(join(folder, 'login.json'), 'utf8');
    const { code, said } = await run('login', 'ann');
    expect([code, said]).toEqual([1, 'parley: The server sent a malformed token.\n']);
    expect(await readFile(join(folder, 'login.json'), 'utf8')).toBe(before);
    await writeFile(join(folder, 'login.json'), JSON.stringify({ user_id: 'a', name: 'a', token: service.token }));
    const next = await runInTurn('channels');
    expect([next.code, next.said]).toEqual([4, expect.stringContaining('is not a saved login')]);
    expect(next.said).not.toContain('secret-part');
  },
);
